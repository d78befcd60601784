import { describe, expect, it } from 'vitest';
import { Office } from '../../support/live/live-streams-harness.js';

describe('a port of admission', () => {
  const refusal = { code: 'ERR_SESSION_PUBLISH_REFUSED', description: 'not you' } as const;

  it('refuses connects, publishes and plays, at once and later, with what the client is told', async () => {
    for (const isLater of [false, true]) {
      const say = <Status>(status: Status) => {
        const verdict = { status, ...refusal };
        return isLater ? Promise.resolve(verdict) : verdict;
      };
      const office = new Office(
        {},
        {
          connect: () => say('NetConnection.Connect.Rejected' as const),
          publish: () => say('NetStream.Publish.Unauthorized' as const),
          play: () => say('NetStream.Play.Failed' as const),
        },
      );
      const connect = { status: 'NetConnection.Connect.Rejected', ...refusal };
      expect(await office.connect()).toMatchObject({ kind: 'connectRefused', refusal: connect });
      expect(await office.publish()).toEqual({ accept: false, status: 'NetStream.Publish.Unauthorized', ...refusal });
      expect(office.last('streamRejected')).toMatchObject({ reason: 'not you' });
      const plays: unknown[] = [];
      office.askPlay('cam', office.facts(), (decision) => plays.push(decision));
      await office.settle();
      expect(plays).toEqual([{ accept: false, status: 'NetStream.Play.Failed', ...refusal }]);
      expect(office.registry.playsRejectedBy.get('ERR_SESSION_PUBLISH_REFUSED')).toBe(1);
    }
  });

  it('is not waited for by default: a connect is accepted in the turn in which it is asked', () => {
    const office = new Office();
    const answers: string[] = [];
    office.answer = ({ kind }) => void answers.push(kind);
    office.registry.ask({ kind: 'connect', id: 1, facts: office.facts(), query: '' });
    expect(answers).toEqual(['connectAccepted']);
  });

  it('that fails inside us has the request answered as failed, and logged', async () => {
    const office = new Office(
      {},
      {
        connect: () => Promise.reject(new Error('a defect')),
        publish: () => undefined,
        play: () => undefined,
      },
    );
    expect(await office.connect()).toMatchObject({ kind: 'askFailed', description: 'a defect' });
    expect(office.warnings.join()).toContain('a request could not be decided');
  });
});
