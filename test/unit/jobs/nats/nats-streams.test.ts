import { describe, expect, it } from 'vitest';
import { ticketIn, wantOf, wantsIn } from '../../../../src/jobs/nats/nats-streams.js';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('the answer of a node to a request for a ticket', () => {
  it.each([
    [
      { ok: true, url: 'rtmp://h/live/cam?jt=x' },
      { kind: 'ticket', url: 'rtmp://h/live/cam?jt=x' },
    ],
    [
      { code: 'ERR_JOB_FENCED', detail: 'token 3' },
      { kind: 'fenced', text: 'ERR_JOB_FENCED token 3' },
    ],
    [{ code: 'ERR_CTL_STREAM_UNKNOWN' }, { kind: 'gone', text: 'ERR_CTL_STREAM_UNKNOWN' }],
    [{ code: 'ERR_CTL_BUSY' }, { kind: 'unavailable', text: 'ERR_CTL_BUSY' }],
    [
      { ok: true, url: 7 },
      { kind: 'unavailable', text: 'what answers is no node' },
    ],
    [null, { kind: 'unavailable', text: 'what answers is no node' }],
  ])('%o', (answer, meaning) => {
    expect(ticketIn(json(answer))).toEqual(meaning);
  });

  it('is none when it is no JSON', () => {
    expect(ticketIn(Buffer.from('<html>'))).toEqual({ kind: 'unavailable', text: 'what answers is no node' });
  });
});

describe('names that players wait for', () => {
  it('are read with where they can be published, and what is none of them is left out', () => {
    const wants = [
      { app: 'live', name: 'a', urls: { rtmp: 'rtmp://h/live/a' } },
      { app: 'live', name: 'b' },
      { app: 1 },
      null,
    ];
    expect(wantsIn(json({ ok: true, wants }))).toEqual([
      { app: 'live', name: 'a', publishUrl: 'rtmp://h/live/a' },
      { app: 'live', name: 'b' },
    ]);
  });

  it.each([Buffer.from('{'), json({ wants: 'x' }), json(null), json({})])('are none in %o', (body) => {
    expect(wantsIn(body)).toEqual([]);
  });

  it('are none in a signal without a name', () => {
    expect(wantOf({ app: 'live' })).toBeUndefined();
  });

  it('are none in a signal with a name that no subject can hold', () => {
    expect(wantOf({ app: 'live', name: 'x'.repeat(10_000) })).toBeUndefined();
  });
});
