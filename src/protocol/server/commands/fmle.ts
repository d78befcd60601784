import { type Call, replyResult, stringArgument } from '../../messages/call.js';
import { command, statusInfo } from '../../messages/status.js';
import { splitQuery } from '../names.js';
import type { NetStream } from '../net-stream.js';
import { streamInput } from '../net-stream-effects.js';
import type { SessionCore } from '../session-core.js';

// These commands come from the Flash Media Live Encoder. Nothing depends on them here, but some hardware encoders wait
// for the on… answers, and Livestream Studio needs the transaction field in them.

/** releaseStream: `_result` when it wants an answer. A name is free as soon as its publisher is gone anyway. */
export function releaseStream(core: SessionCore, call: Call): void {
  replyResult(core, call, null, null);
}

/** FCPublish: `_result` when it wants an answer, then `onFCPublish`. */
export function fcPublish(core: SessionCore, call: Call): void {
  replyResult(core, call, null, null);
  core.send(command(0, 'onFCPublish', 0, null, { ...statusInfo('NetStream.Publish.Start', 'Ready to publish.') }));
}

/**
 * FCUnpublish: ends the publish, answers `_result` when it wants an answer, then `onFCUnpublish`. The stream ends here
 * and not with the deleteStream that follows: ffmpeg closes without reading, and the reset that the answer meets can
 * come before deleteStream is read.
 */
export function fcUnpublish(core: SessionCore, call: Call): void {
  const stream = findPublish(core, stringArgument(call.args[0]));
  if (stream !== undefined) streamInput(core, stream, { input: 'unpublish' });
  replyResult(core, call, null, null);
  core.send(command(0, 'onFCUnpublish', 0, null, { ...statusInfo('NetStream.Unpublish.Success', 'Unpublished.') }));
}

/** The running publish of that name, or the only one there is. */
function findPublish(core: SessionCore, name: string | undefined): NetStream | undefined {
  const running = [...core.streams.values()].filter(({ state }) => state === 'publishing');
  const path = name === undefined ? undefined : splitQuery(name).path;
  return running.find(({ requestedName }) => requestedName === path) ?? (running.length === 1 ? running[0] : undefined);
}

/** FCSubscribe: `onFCSubscribe`. */
export function fcSubscribe(core: SessionCore, call: Call): void {
  core.send(
    command(call.messageStreamId, 'onFCSubscribe', 0, null, { ...statusInfo('NetStream.Play.Start', 'Subscribed.') }),
  );
}

/** FCUnsubscribe: `onFCUnsubscribe`. */
export function fcUnsubscribe(core: SessionCore, call: Call): void {
  core.send(
    command(call.messageStreamId, 'onFCUnsubscribe', 0, null, {
      ...statusInfo('NetStream.Play.Stop', 'Unsubscribed.'),
    }),
  );
}
