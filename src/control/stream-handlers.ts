import { SluiceError } from '../core/errors.js';
import type { PlainValue } from '../core/plain.js';
import type { CallAnswer } from '../live/access.js';
import type { Done } from '../live/live-control.js';
import type { JobRun } from '../model/job.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import { banOf } from './kick.js';
import type { InputOf } from './operations.js';
import type { Facts, Ports, RequestContext, StreamEnd } from './ports.js';

// Operations on one stream. A stream that is not of this node is asked for at its owner, when there is NATS.

type StreamVerb = 'get' | 'kick' | 'revoke' | 'limit' | 'label' | 'reconnect' | 'send' | 'call' | 'ticket';

/** Verbs whose wish is fulfilled when the stream has ended. */
const ENDING: readonly string[] = ['kick', 'revoke'];

/** Most labels of a stream. */
const MOST_LABELS = 16;

type StreamHandlers = {
  readonly [V in StreamVerb]: (ports: Ports, input: InputOf<V>, context: RequestContext) => Promise<Facts>;
};

export const STREAM_HANDLERS: StreamHandlers = {
  get: (ports, input, context) =>
    onStream(ports, 'get', input, context, async (stream) => toFacts(ports.live.details(stream.streamId) ?? stream)),
  kick: (ports, input, context) =>
    onStream(ports, 'kick', input, context, async (stream) => {
      const banned = await banOf(ports, stream, input, context);
      const done = await ports.live.kickStream(stream.streamId, input.reason);
      // A ban ends what it names by itself, so that nothing may be left to kick.
      return banned === undefined ? already(done) : { banned };
    }),
  revoke: (ports, input, context) =>
    onStream(ports, 'revoke', input, context, async ({ streamId }) =>
      already(await ports.live.revoke(streamId, input.reason)),
    ),
  limit: (ports, input, context) =>
    onStream(ports, 'limit', input, context, async ({ streamId }) =>
      alive(ports.live.limit(streamId, input.limits), streamId),
    ),
  label: (ports, input, context) =>
    onStream(ports, 'label', input, context, async ({ streamId, labels: before = {} }) => {
      checkCount({ ...before, ...input.labels });
      const { done, labels } = ports.live.label(streamId, input.labels);
      return { ...alive(done, streamId), labels };
    }),
  reconnect: (ports, input, context) =>
    onStream(ports, 'reconnect', input, context, async ({ streamId }) => {
      const done = ports.live.reconnect(streamId, input.tcUrl, input.reason);
      return done === 'unsupported' ? { supported: false } : { ...alive(done, streamId), supported: true };
    }),
  send: (ports, input, context) =>
    onStream(ports, 'send', input, context, async ({ streamId }) => {
      const done = ports.live.send(streamId, input.handler, input.values as readonly PlainValue[]);
      if (done === 'refused') throw unsendable(input.handler);
      return alive(done, streamId);
    }),
  call: (ports, input, context) =>
    onStream(ports, 'call', input, context, async ({ streamId }) => {
      const values = input.values as readonly PlainValue[];
      return callFacts(await ports.live.call({ streamId }, input.method, values, input.timeoutMs), streamId);
    }),
  ticket: (ports, input, context) =>
    onStream(ports, 'ticket', input, context, async ({ streamId }) => {
      const run = { template: input.template, token: input.token };
      const isHeld = (await ports.jobRecords?.isHeldBy(streamId, run)) ?? true;
      if (!isHeld) throw fenced(streamId, run);
      // The stream may have ended while the record was read.
      let issued = ports.live.ticket(streamId, run);
      // A higher token was seen, and the record says still that this run holds the job: its bucket is another one now,
      // in which tokens are counted anew.
      if (issued === 'fenced' && (await ports.jobRecords?.isHeldBy(streamId, run)) === true)
        issued = ports.live.ticket(streamId, run, true);
      if (issued === 'unknown') throw unknown(streamId);
      if (issued === 'moving') throw new SluiceError('ERR_CTL_CONFLICT', 'the stream goes to another node; ask again');
      if (issued === 'fenced') throw fenced(streamId, run);
      if (issued === 'full') throw new SluiceError('ERR_CTL_CONFLICT', 'the stream has tickets of too many templates');
      return toFacts(issued);
    }),
};

/** The refusal of a run that does not hold its job, or not any more. */
function fenced(streamId: string, { template, token }: JobRun): SluiceError {
  return new SluiceError('ERR_JOB_FENCED', `${streamId}/${template}, token ${token}`);
}

/** @throws SluiceError ERR_CTL_BAD_REQUEST when there would be more labels than a stream may have */
function checkCount(labels: Readonly<Record<string, string | null>>): void {
  const count = Object.values(labels).filter((value) => value !== null).length;
  if (count <= MOST_LABELS) return;
  const errors = [{ pointer: '/labels', expected: `at most ${MOST_LABELS} labels in all`, got: `${count}` }];
  throw new SluiceError('ERR_CTL_BAD_REQUEST', `a stream has at most ${MOST_LABELS} labels`, { details: { errors } });
}

/** The refusal of a data message that players would take for one of the stream, or that is too long. */
function unsendable(handler: string): SluiceError {
  const expected = 'a handler that is not of the stream itself, and values of at most 64 KiB, nested at most 32 deep';
  const errors = [{ pointer: '/handler', expected, got: JSON.stringify(handler) }];
  return new SluiceError('ERR_CTL_BAD_REQUEST', 'the data message cannot be sent', { details: { errors } });
}

/** Finds the stream, here or at its owner, and does something to it. */
async function onStream(
  ports: Ports,
  verb: StreamVerb,
  input: { readonly streamId: string },
  context: RequestContext,
  act: (stream: StreamSnapshot) => Promise<Facts>,
): Promise<Facts> {
  const { streamId, ...body } = input;
  const stream = ports.live.stream(streamId);
  if (stream !== undefined) return act(stream);
  const end = await ports.ended.endOf(streamId);
  if (end !== undefined) return ofEnded(streamId, verb, end);
  if (ports.cluster === undefined || context.isFromBus === true) throw unknown(streamId);
  const answer = await ports.cluster.askOwner(streamId, verb, body as Facts, context);
  return answer ?? ofEnded(streamId, verb, await ports.cluster.endOf(streamId));
}

/**
 * The answer for a stream that has ended: what was to end it is done.
 *
 * @param end undefined: when and why is not known
 * @throws SluiceError ERR_CTL_STREAM_UNKNOWN for every other wish
 */
export function ofEnded(streamId: string, verb: string, end: StreamEnd | undefined): Facts {
  if (end === undefined) throw unknown(streamId);
  if (ENDING.includes(verb)) return { already: true };
  throw new SluiceError('ERR_CTL_STREAM_UNKNOWN', `${streamId} has ended: ${end.reason}`, { details: { ...end } });
}

/** The refusal of an id that nothing has. */
export function unknown(id: string): SluiceError {
  return new SluiceError('ERR_CTL_STREAM_UNKNOWN', id);
}

/** The answer of something that ends a stream or a play: when it has ended meanwhile, that is what was wanted. */
function already(done: Done): Facts {
  return done === 'done' ? {} : { already: true };
}

/** The answer of something that a stream must be there for. @throws SluiceError ERR_CTL_STREAM_UNKNOWN */
function alive(done: Done, id: string): Facts {
  if (done === 'unknown') throw unknown(id);
  return done === 'already' ? { already: true } : {};
}

/** What a client answered. @throws SluiceError ERR_CTL_STREAM_UNKNOWN */
export function callFacts(answer: CallAnswer | 'unknown', id: string): Facts {
  if (answer === 'unknown') throw unknown(id);
  return { kind: answer.kind, values: 'values' in answer ? answer.values : [] };
}

/** A snapshot as JSON has it: without members that are undefined. */
export function toFacts(snapshot: object): Facts {
  return Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== undefined)) as Facts;
}
