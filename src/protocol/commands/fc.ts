import type { SessionCore } from '../session-core.js';
import { command, statusInfo } from '../status.js';
import { type Call, replyResult } from './call.js';

// These commands come from the Flash Media Live Encoder. Nothing depends on them here, but some hardware encoders wait
// for the on… answers, and Livestream Studio needs the transaction field in them.

/** releaseStream: `_result` when asked for; a name is free as soon as its publisher is gone anyway. */
export function releaseStream(core: SessionCore, call: Call): void {
  replyResult(core, call, null, undefined);
}

/** FCPublish: `_result` when asked for, then `onFCPublish`. */
export function fcPublish(core: SessionCore, call: Call): void {
  replyResult(core, call, null, undefined);
  core.send(command(0, 'onFCPublish', 0, null, { ...statusInfo('NetStream.Publish.Start', 'Ready to publish.') }));
}

/** FCUnpublish: `_result` when asked for, then `onFCUnpublish`. The stream ends with deleteStream or closeStream. */
export function fcUnpublish(core: SessionCore, call: Call): void {
  replyResult(core, call, null, undefined);
  core.send(command(0, 'onFCUnpublish', 0, null, { ...statusInfo('NetStream.Unpublish.Success', 'Unpublished.') }));
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
