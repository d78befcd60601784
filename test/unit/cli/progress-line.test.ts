import { describe, expect, it } from 'vitest';
import { ProgressLine } from '../../../src/cli/progress-line.js';
import { TestIo } from '../../support/cli/test-io.js';

describe('ProgressLine', () => {
  const progress = { mediaMs: 2000, elapsedMs: 1000, bytes: 125_000 };

  it('writes over itself in a terminal and ends with a total', () => {
    const io = new TestIo({ live: true });
    const line = new ProgressLine(io, 'publishing');
    line.show(progress);
    line.finish('published', progress);
    expect(io.stderr).toBe(
      '\rpublishing  2.0 s of media, 125.0 kB, 1000 kbit/s\x1b[K\rpublished  2.0 s of media, 125.0 kB, 1000 kbit/s\x1b[K\n',
    );
  });

  it('says how much there will be, where that is known', () => {
    const io = new TestIo({ live: true });
    new ProgressLine(io, 'playing', 10_000).show(progress);
    expect(io.stderr).toBe('\rplaying  2.0 s of 10.0 s of media, 125.0 kB, 1000 kbit/s\x1b[K');
  });

  it('prints only the total where nobody watches', () => {
    const io = new TestIo();
    const line = new ProgressLine(io, 'publishing');
    line.show(progress);
    line.abandon();
    line.finish('published', { ...progress, elapsedMs: 0 });
    expect(io.stderr).toBe('published  2.0 s of media, 125.0 kB, 0 kbit/s\n');
  });
});
