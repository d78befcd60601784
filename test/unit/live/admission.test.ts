import { describe, expect, it } from 'vitest';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

describe('a port of admission', () => {
  const refusal = { code: 'ERR_SESSION_PUBLISH_REFUSED', description: 'not you' } as const;

  it('refuses connects, publishes and plays, at once and later, with what the client is told', async () => {
    for (const isLater of [false, true]) {
      const say = <Status>(status: Status) => {
        const verdict = { status, ...refusal };
        return isLater ? Promise.resolve(verdict) : verdict;
      };
      const harness = new LiveStreamsHarness(
        {},
        {
          connect: () => say('NetConnection.Connect.Rejected' as const),
          publish: () => say('NetStream.Publish.Unauthorized' as const),
          play: () => say('NetStream.Play.Failed' as const),
        },
      );
      const connect = { status: 'NetConnection.Connect.Rejected', ...refusal };
      expect(await harness.connect()).toMatchObject({ kind: 'connectRefused', refusal: connect });
      expect(await harness.publish()).toEqual({ accept: false, status: 'NetStream.Publish.Unauthorized', ...refusal });
      expect(harness.last('streamRejected')).toMatchObject({ reason: 'not you' });
      const plays: unknown[] = [];
      harness.askPlay('cam', harness.facts(), (decision) => plays.push(decision));
      await harness.settle();
      expect(plays).toEqual([{ accept: false, status: 'NetStream.Play.Failed', ...refusal }]);
      expect(harness.registry.playsRejectedBy.get('ERR_SESSION_PUBLISH_REFUSED')).toBe(1);
    }
  });

  it('is not waited for by default: a connect is accepted in the turn in which it is asked', () => {
    const harness = new LiveStreamsHarness();
    const answers: string[] = [];
    harness.answer = ({ kind }) => void answers.push(kind);
    harness.registry.ask({ kind: 'connect', id: 1, facts: harness.facts(), query: '' });
    expect(answers).toEqual(['connectAccepted']);
  });

  it('that fails inside us has the request answered as failed, and logged', async () => {
    const harness = new LiveStreamsHarness(
      {},
      {
        connect: () => Promise.reject(new Error('a defect')),
        publish: () => undefined,
        play: () => undefined,
      },
    );
    expect(await harness.connect()).toMatchObject({ kind: 'askFailed', description: 'a defect' });
    expect(harness.warnings.join()).toContain('a request could not be decided');
  });
});
