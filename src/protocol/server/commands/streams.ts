import type { Call } from '../../messages/call.js';
import { command, statusInfo } from '../../messages/status.js';
import { splitQuery } from '../names.js';
import type { NetStream } from '../net-stream.js';
import { streamInput } from '../net-stream-effects.js';
import type { SessionCore } from '../session-core.js';

/**
 * createStream: `_result` with the lowest free id from 1. It is answered with transaction id 0 too, because no client
 * can go on without it.
 */
export function createStream(core: SessionCore, call: Call): void {
  const stream = core.createStream();
  if (stream === undefined) {
    const info = statusInfo(
      'NetConnection.Call.Failed',
      `At most ${core.settings.maxNetStreams} streams a connection.`,
    );
    core.send(command(call.messageStreamId, '_error', call.transactionId, null, { ...info }));
    return;
  }
  core.send(command(call.messageStreamId, '_result', call.transactionId, null, stream.id));
}

/** closeStream: ends what runs on the NetStream, whose id stays usable. */
export function closeStream(core: SessionCore, call: Call): void {
  const stream = findStream(core, call);
  if (stream !== undefined) streamInput(core, stream, { input: 'close' });
}

/** deleteStream: ends what runs on the NetStream and frees its id. */
export function deleteStream(core: SessionCore, call: Call): void {
  const stream = findStream(core, call);
  if (stream !== undefined) streamInput(core, stream, { input: 'delete' });
}

/**
 * Finds the stream by the id in the argument; by name (gst rtmp2sink); by the message's own stream id; or takes the
 * only one there is.
 */
function findStream(core: SessionCore, call: Call): NetStream | undefined {
  const [target] = call.args;
  if (typeof target === 'number') return core.streams.get(target);
  const streams = [...core.streams.values()];
  if (typeof target === 'string') {
    const name = splitQuery(target).path;
    const named = streams.find((stream) => stream.requestedName === name && stream.state !== 'idle');
    if (named !== undefined) return named;
  }
  return core.streamMeant(call.messageStreamId) ?? (streams.length === 1 ? streams[0] : undefined);
}
