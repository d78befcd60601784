import { pingResponse, readBufferLength, readU32, readUserControl } from '../messages/control.js';
import type { InboundMessage } from '../messages/inbound-message.js';
import { MessageType, UserControlEvent } from '../messages/message-types.js';
import type { SessionCore } from './session-core.js';

/** Takes a user control message, or the window after which the client wants to be acknowledged. */
export function takeControl(core: SessionCore, { type, payload }: InboundMessage): void {
  if (core.connectionInput('control') !== 'dispatch') return;
  if (type === MessageType.WindowAckSize) {
    core.ackWindow.setWindow(readU32(payload) ?? 0);
    return;
  }
  const control = readUserControl(payload);
  if (control?.event === UserControlEvent.PingRequest) core.send(pingResponse(control.value));
  const buffer = readBufferLength(payload);
  if (buffer !== undefined) setBuffer(core, buffer.messageStreamId, buffer.bufferMs);
}

/** SetBufferLength may come before play, and on message stream 0 (GStreamer), which means the stream created last. */
function setBuffer(core: SessionCore, messageStreamId: number, bufferMs: number): void {
  const stream = core.streamMeant(messageStreamId);
  if (stream === undefined) return;
  stream.bufferMs = bufferMs;
  if (stream.isRecorded && (stream.state === 'playing' || stream.state === 'paused'))
    core.emit({ kind: 'bufferChanged', messageStreamId: stream.id, bufferMs });
}
