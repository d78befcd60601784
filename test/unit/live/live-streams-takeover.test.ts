import { describe, expect, it } from 'vitest';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

describe('a name that is asked for while its publisher seems to be there', () => {
  for (const resumeWindowMs of [0, 10_000]) {
    it(`is given to who comes back, when the end of the old connection was only not read yet, window ${resumeWindowMs} ms`, async () => {
      const harness = new LiveStreamsHarness({ resumeWindowMs });
      const first = harness.facts();
      const run = await harness.run('cam', '', first);
      const read: string[] = [];
      harness.readNow = (connectionId) => {
        read.push(connectionId);
        run.end('client_reset');
        return harness.settle();
      };
      const again = await harness.run();
      expect(read).toEqual([first.connectionId]);
      expect(again.streamId === run.streamId).toBe(resumeWindowMs > 0);
      expect(harness.count('streamRejected')).toBe(0);
    });
  }

  it('stays with a publisher that is there: it is looked at once, and the other is refused', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 });
    await harness.run();
    let reads = 0;
    harness.readNow = () => Promise.resolve(void reads++);
    expect(await harness.publish()).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
    expect([reads, harness.registry.live]).toEqual([1, 1]);
  });

  it('goes to one of two who ask at once', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 });
    const run = await harness.run();
    let reads = 0;
    harness.readNow = async () => {
      reads++;
      await harness.settle();
      run.end('client_closed');
    };
    const answers = await Promise.all([harness.publish(), harness.publish()]);
    expect(answers.filter(({ accept }) => accept)).toHaveLength(1);
    expect([reads, harness.count('streamResumed')]).toEqual([2, 1]);
  });

  it('is not given to who has gone while its holder was looked at', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 });
    const run = await harness.run();
    harness.readNow = () => {
      run.end('client_reset');
      harness.withdraw('client_closed');
      return Promise.resolve();
    };
    expect(await harness.publish()).toMatchObject({ code: 'ERR_PEER_CLOSED' });
    expect(harness.count('streamResumed')).toBe(0);
  });

  it('is read for nobody where the name is free or its stream waits for its publisher', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 });
    let reads = 0;
    harness.readNow = () => Promise.resolve(void reads++);
    (await harness.run()).end('client_reset');
    await harness.run();
    expect(reads).toBe(0);
  });
});
