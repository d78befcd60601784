import { type Call, replyError } from '../../messages/call.js';
import { command } from '../../messages/status.js';
import { type CallReply, MAX_CALLS, type ReturnAddress } from '../calls.js';
import type { SessionCore } from '../session-core.js';

/** Longest name of a method that is passed on, in UTF-8 bytes. */
const MAX_METHOD_BYTES = 128;

/** What clients send on their own, to measure the bandwidth for one. These are calls of no program. */
const NOISE: ReadonlySet<string> = new Set([
  'checkBandwidth',
  'initStream',
  'onBWCheck',
  'onBWDone',
  '_onbwcheck',
  '_onbwdone',
]);

/**
 * Asks the owner for the answer to a command that Sluice has none for: the `callRequested` action. Other commands and
 * media go on meanwhile.
 *
 * @returns false when calls of this app are not passed on, or it is none of a program
 */
export function requestCall(core: SessionCore, call: Call): boolean {
  const { callApps } = core.settings;
  if (!callApps.includes(core.info.app) && !callApps.includes('*')) return false;
  const { name: method, args, object, messageStreamId, transactionId } = call;
  if (NOISE.has(method) || method === '' || Buffer.byteLength(method) > MAX_METHOD_BYTES) return false;
  if (core.calls.isFull) {
    if (!replyError(core, call, `${MAX_CALLS} calls wait for an answer already.`)) core.drop('command_unknown');
    return true;
  }
  const requestId = core.nextRequestId();
  core.calls.asked(requestId, call);
  core.emit({
    ...{ kind: 'callRequested', requestId, messageStreamId, method, args },
    ...(object === undefined ? {} : { object }),
    wantsAnswer: transactionId !== 0,
  });
  return true;
}

/** Answers a call of the client, if it wants an answer. */
export function answerCall(
  core: SessionCore,
  { transactionId, messageStreamId }: ReturnAddress,
  reply: CallReply,
): void {
  if (transactionId === 0) return;
  if (reply.kind === 'result') core.send(command(messageStreamId, '_result', transactionId, null, reply.value));
  else {
    const { code, description } = reply;
    const info = { level: 'error', code, description };
    core.send(command(messageStreamId, '_error', transactionId, null, info));
  }
}

/** The client answers a call to it. Answers to anything else are ignored: answering them could go on for ever. */
export function takeAnswer(core: SessionCore, { name, transactionId, args }: Call): void {
  const callId = core.calls.takeSent(transactionId);
  if (callId === undefined) return;
  core.emit({
    kind: 'clientAnswered',
    callId,
    answer: { kind: name === '_result' ? 'result' : 'error', values: args },
  });
}
