import { describe, expect, it } from 'vitest';
import type { TicketVerdict } from '../../../src/live/forwarded-tickets.js';
import { JobAccess } from '../../../src/live/job-access.js';
import { TicketSeal } from '../../../src/live/job-ticket.js';

const NAME = { app: 'live', name: 'cam' };
const TICKET = { streamId: 's1', template: 'record', token: 5 };

/** A node without streams, where a name may be played by a copy. */
function node() {
  const seal = new TicketSeal(Buffer.alloc(32, 7));
  const state = {
    here: undefined as string | undefined,
    isMoving: false,
    copied: 's1' as string | undefined,
    verdict: 'holds' as TicketVerdict | undefined,
    whileAsked: (): void => {},
    told: [] as string[],
    arrivals: 0,
  };
  const streamOf = () => (state.here === undefined ? undefined : { streamId: state.here });
  const access = new JobAccess({
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    ...{ seal, urls: () => ({ rtmp: 'rtmp://192.0.2.1/live/cam' }), streamOf, fence: () => {} },
    stream: (streamId) => (streamId === state.here ? { ...NAME, isMoving: state.isMoving } : undefined),
    elsewhere: {
      owners: {
        ask: async (_streamId, tickets) => {
          state.whileAsked();
          const { verdict } = state;
          return verdict === undefined ? undefined : tickets.map(() => verdict);
        },
        listen: () => () => {},
        tell: (streamId) => void state.told.push(streamId),
      },
      arrival: async () => void state.arrivals++,
      playedOf: () => streamOf() ?? (state.copied === undefined ? undefined : { streamId: state.copied }),
      isPlayed: () => true,
      cut: () => {},
    },
  });
  const admit = async (): Promise<string> => {
    const admitted = await access.admit(NAME, seal.write(TICKET));
    return admitted.ticket === undefined ? admitted.code : 'plays';
  };
  return { access, state, admit };
}

describe('a ticket that is played with at a node that has its stream not', () => {
  it('lets its run play the copy when the node that has the stream says so', async () => {
    const { state, admit } = node();
    expect(await admit()).toBe('plays');
    state.verdict = 'ERR_JOB_FENCED';
    expect(await admit()).toBe('ERR_JOB_FENCED');
    state.verdict = undefined;
    expect(await admit()).toBe('ERR_JOB_TICKET_UNCHECKED');
    expect(state.arrivals).toBe(3);
  });

  it('is worth nothing where another stream has the name, and can be tried again where none has', async () => {
    const { state, admit } = node();
    state.copied = 's2';
    expect(await admit()).toBe('ERR_JOB_FENCED');
    state.copied = undefined;
    expect(await admit()).toBe('ERR_JOB_TICKET_UNCHECKED');
    state.copied = 's1';
    state.whileAsked = () => {
      state.copied = undefined;
    };
    expect(await admit()).toBe('ERR_JOB_TICKET_UNCHECKED');
  });

  it('is decided here when its stream has come here meanwhile', async () => {
    const { access, state, admit } = node();
    state.whileAsked = () => {
      state.here = 's1';
      access.streamCame('s1', [{ template: 'record', token: 6, wasPlayed: true }]);
    };
    expect(await admit()).toBe('ERR_JOB_FENCED');
    access.streamCame('s1', [{ template: 'record', token: 5, wasPlayed: true }]);
    expect(await admit()).toBe('plays');
    expect(state.arrivals).toBe(1);
  });
});

describe('the node that has a stream', () => {
  it('answers which tickets hold, and tells the others that it has issued one', () => {
    const { access, state } = node();
    const ask = (token: number, isNew: boolean) => access.verdictsOn('s1', [{ template: 'record', token, isNew }]);
    expect(ask(5, true)).toBeUndefined();
    state.here = 's1';
    expect(access.issue(TICKET)).toMatchObject({ url: expect.any(String) });
    expect([ask(5, true), ask(5, false), ask(4, true), ask(4, false)]).toEqual([
      ...[['holds'], ['holds']],
      ...[['ERR_JOB_FENCED'], ['ERR_JOB_FENCED']],
    ]);
    expect(state.told).toEqual(['s1']);
  });

  it('issues no ticket and answers about none while the stream leaves', () => {
    const { access, state } = node();
    Object.assign(state, { here: 's1', isMoving: true });
    expect(access.issue(TICKET)).toBe('moving');
    expect(access.verdictsOn('s1', [{ template: 'record', token: 5, isNew: true }])).toBeUndefined();
  });
});
