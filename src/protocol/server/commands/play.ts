import type { AmfValue } from '../../../wasm/amf-value.js';
import { type Call, replyError, replyResult, stringArgument } from '../../messages/call.js';
import { onStatus } from '../../messages/status.js';
import { resolvePlayName, splitQuery } from '../names.js';
import type { NetStream } from '../net-stream.js';
import { streamInput } from '../net-stream-effects.js';
import type { SessionCore } from '../session-core.js';

const START_ANY = -2;
const START_LIVE = -1;

/** play(name, start, duration, reset): asks the owner. */
export function play(core: SessionCore, call: Call): void {
  const [target, start, duration, reset] = call.args;
  const name = stringArgument(target);
  if (name === undefined) {
    refuse(core, call, 'The stream name is no string.');
    return;
  }
  const { path } = splitQuery(name);
  if (isTooLong(core, name)) {
    refuse(core, call, 'The stream name is too long.');
    return;
  }
  const stream = core.streamForUse(call.messageStreamId);
  if (stream === undefined) {
    refuse(core, call, 'There is no such message stream.');
    return;
  }
  streamInput(core, stream, {
    input: 'play',
    requestedName: path,
    ...resolvePlayName(core.info.app, core.appQuery, name),
    start: playStart(start),
    duration: typeof duration === 'number' && Number.isFinite(duration) && duration >= 0 ? duration : -1,
    reset: reset !== false && reset !== 0,
  });
}

function isTooLong({ settings }: SessionCore, name: string): boolean {
  const { path, query } = splitQuery(name);
  return Buffer.byteLength(path) > settings.maxNameBytes || Buffer.byteLength(query) > settings.maxQueryBytes;
}

// Every client that was seen sends milliseconds, as Flash does: -1000 is live only, -2000 is live or recorded.
function playStart(value: AmfValue): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return START_ANY;
  if (value === -1 || value === -1000) return START_LIVE;
  return value < 0 ? START_ANY : value;
}

function refuse(core: SessionCore, call: Call, description: string): void {
  core.send(onStatus(call.messageStreamId, 'NetStream.Play.Failed', description));
  core.closeUnlessActive('ERR_SESSION_PLAY_REFUSED', description);
}

/** play2 is not offered and is refused; the present play goes on. */
export function play2(core: SessionCore, call: Call): void {
  core.send(onStatus(call.messageStreamId, 'NetStream.Play.Failed', 'play2 is not offered.'));
}

function streamOf(core: SessionCore, call: Call): NetStream | undefined {
  const stream = core.streamMeant(call.messageStreamId);
  if (stream === undefined) replyError(core, call, 'There is no such message stream.');
  return stream;
}

/** A flag as Flash sends it: a boolean, or a number (frames a second for receiveVideo), which means on when above 0. */
function flag(core: SessionCore, call: Call): boolean | undefined {
  const [value] = call.args;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value > 0;
  replyError(core, call, 'A boolean was expected.');
  return undefined;
}

/** pause(flag, ms). The position has no effect on a live stream. */
export function pause(core: SessionCore, call: Call): void {
  const stream = streamOf(core, call);
  if (stream === undefined) return;
  const paused = flag(core, call);
  if (paused !== undefined) streamInput(core, stream, { input: paused ? 'pause' : 'unpause' });
}

/** seek(ms): of a recorded stream; Seek.Failed for a live one. */
export function seek(core: SessionCore, call: Call): void {
  const stream = streamOf(core, call);
  if (stream === undefined) return;
  const [value] = call.args;
  const positionMs = typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
  streamInput(core, stream, { input: 'seek', positionMs });
}

/** receiveAudio(flag). */
export function receiveAudio(core: SessionCore, call: Call): void {
  const stream = streamOf(core, call);
  if (stream === undefined) return;
  const audio = flag(core, call);
  if (audio !== undefined) streamInput(core, stream, { input: 'receive', audio });
}

/** receiveVideo(flag). */
export function receiveVideo(core: SessionCore, call: Call): void {
  const stream = streamOf(core, call);
  if (stream === undefined) return;
  const video = flag(core, call);
  if (video !== undefined) streamInput(core, stream, { input: 'receive', video });
}

/**
 * getStreamLength(name): asks the owner, who knows how long a recorded stream is; 0 is what a live one has. ffmpeg asks
 * before play and does not wait.
 */
export function getStreamLength(core: SessionCore, call: Call): void {
  const name = stringArgument(call.args[0]);
  if (name === undefined || isTooLong(core, name) || core.calls.isFull || call.transactionId === 0) {
    replyResult(core, call, null, 0);
    return;
  }
  const requestId = core.nextRequestId();
  core.calls.asked(requestId, call);
  core.emit({ kind: 'lengthRequested', requestId, ...resolvePlayName(core.info.app, core.appQuery, name) });
}
