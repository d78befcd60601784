import type { InboundMessage } from '../messages/inbound-message.js';
import { ChunkStreamId, MessageType } from '../messages/message-types.js';
import { readSharedObject } from '../shared-objects/message.js';
import type { Action } from './actions.js';
import type { SessionCore } from './session-core.js';

/**
 * Takes a message about a shared object: the `sharedObject` action. One that cannot be read is dropped,
 * and each of another node of the cluster.
 */
export function takeSharedObject(core: SessionCore, { type, payload }: InboundMessage): void {
  const effect = core.connectionInput('data');
  if (effect === 'refuse_early') core.refuseEarly('a shared object before connect');
  if (effect !== 'dispatch') return;
  if (core.info.node !== undefined) {
    core.drop('node_unfit');
    return;
  }
  const message = readSharedObject(type, payload);
  if (message === undefined) core.drop('object_unreadable');
  else core.emit({ kind: 'sharedObject', isAmf3: type === MessageType.SharedObjectAmf3, message });
}

/**
 * Sends a message about a shared object, if the client is connected.
 *
 * @param payload of type 19; borrowed until return
 * @param isAmf3 whether the client uses type 16, in which values may be AMF0, too
 */
export function sendSharedObject(core: SessionCore, payload: Buffer, isAmf3: boolean): Action[] {
  if (core.state !== 'connected') return [];
  core.send({
    chunkStreamId: ChunkStreamId.Command,
    type: isAmf3 ? MessageType.SharedObjectAmf3 : MessageType.SharedObjectAmf0,
    messageStreamId: 0,
    timestamp: 0,
    payload: isAmf3 ? Buffer.concat([Buffer.of(0), payload]) : payload,
  });
  return core.takeActions();
}
