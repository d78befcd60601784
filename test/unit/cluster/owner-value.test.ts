import { describe, expect, it } from 'vitest';
import { newsBody, ownerOf, ownerValueOf, parseNews, principalHash } from '../../../src/cluster/owner-value.js';
import type { OwnerNews } from '../../../src/live/owners.js';

const VALUE = {
  ...{ state: 'live', nodeId: 'a', bootId: 'b', streamId: 's' },
  ...{ principalHash: principalHash('someone'), claimedAt: '2026-01-01T00:00:00Z', nonce: 'n' },
};

describe('owner values', () => {
  it('are read back as they were written, and what later versions add is left out', () => {
    expect(ownerValueOf({ ...VALUE, colour: 'red' })).toEqual(VALUE);
  });

  it.each([
    undefined,
    null,
    'text',
    {},
    { ...VALUE, state: 'asleep' },
    { ...VALUE, nodeId: '' },
    { ...VALUE, streamId: 'x'.repeat(257) },
  ])('are none when they are %j', (held) => {
    expect(ownerValueOf(held)).toBeUndefined();
  });

  it('that are none have no owner, however high their revision is', () => {
    const value = ownerValueOf('text');
    expect(ownerOf({ value, epoch: { registry: '', revision: 5 } })).toBe('none');
  });

  it('do not say who publishes', () => {
    expect(principalHash('someone')).toMatch(/^[0-9a-f]{32}$/);
    expect(principalHash('someone')).not.toBe(principalHash('someone else'));
  });

  it('are told as news that are read back', () => {
    const news: OwnerNews = { state: 'moving', nodeId: 'a', epoch: { registry: '2026-01-01T00:00:00Z', revision: 3 } };
    expect(parseNews(Buffer.from(JSON.stringify(newsBody(news))))).toEqual(news);
  });
});
