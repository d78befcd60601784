import { describe, expect, it } from 'vitest';
import { Uncollected } from '../../../src/core/uncollected.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { waitFor } from '../../support/wait.js';

describe('what is let go of', () => {
  it('is counted until the collector has taken it', async () => {
    const uncollected = new Uncollected();
    const kept = { name: 'kept' };
    uncollected.letGo(kept, 100);
    uncollected.letGo({ name: 'nobody has it' }, 1000);
    expect(uncollected.bytes).toBe(1100);
    await waitFor(
      () => {
        collectGarbage();
        return uncollected.bytes === 100;
      },
      { what: () => `100 bytes to be left of ${uncollected.bytes}` },
    );
    expect(kept.name).toBe('kept');
  });
});
