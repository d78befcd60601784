import { describe, expect, it } from 'vitest';
import { Office } from '../../support/live/live-streams-harness.js';

describe('a name that is asked for while its publisher seems to be there', () => {
  for (const resumeWindowMs of [0, 10_000]) {
    it(`is given to who comes back, when the end of the old connection was only not read yet, window ${resumeWindowMs} ms`, async () => {
      const office = new Office({ resumeWindowMs });
      const first = office.facts();
      const run = await office.run('cam', '', first);
      const read: string[] = [];
      office.readNow = (connectionId) => {
        read.push(connectionId);
        run.end('client_reset');
        return office.settle();
      };
      const again = await office.run();
      expect(read).toEqual([first.connectionId]);
      expect(again.streamId === run.streamId).toBe(resumeWindowMs > 0);
      expect(office.count('streamRejected')).toBe(0);
    });
  }

  it('stays with a publisher that is there: it is looked at once, and the other is refused', async () => {
    const office = new Office({ resumeWindowMs: 10_000 });
    await office.run();
    let reads = 0;
    office.readNow = () => Promise.resolve(void reads++);
    expect(await office.publish()).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
    expect([reads, office.registry.live]).toEqual([1, 1]);
  });

  it('goes to one of two who ask at once', async () => {
    const office = new Office({ resumeWindowMs: 10_000 });
    const run = await office.run();
    let reads = 0;
    office.readNow = async () => {
      reads++;
      await office.settle();
      run.end('client_closed');
    };
    const answers = await Promise.all([office.publish(), office.publish()]);
    expect(answers.filter(({ accept }) => accept)).toHaveLength(1);
    expect([reads, office.count('streamResumed')]).toEqual([2, 1]);
  });

  it('is not given to who has gone while its holder was looked at', async () => {
    const office = new Office({ resumeWindowMs: 10_000 });
    const run = await office.run();
    office.readNow = () => {
      run.end('client_reset');
      office.withdraw('client_closed');
      return Promise.resolve();
    };
    expect(await office.publish()).toMatchObject({ code: 'ERR_PEER_CLOSED' });
    expect(office.count('streamResumed')).toBe(0);
  });

  it('is read for nobody where the name is free or its stream waits for its publisher', async () => {
    const office = new Office({ resumeWindowMs: 10_000 });
    let reads = 0;
    office.readNow = () => Promise.resolve(void reads++);
    (await office.run()).end('client_reset');
    await office.run();
    expect(reads).toBe(0);
  });
});
