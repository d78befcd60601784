import {
  readSharedObject,
  type SharedObjectEvent,
  writeSharedObject,
} from '../../../src/protocol/shared-objects/message.js';
import type { RawRtmp } from '../rtmp-client.js';

/** Sends a message about a shared object by a client that does what a test says. */
export function sendObject(
  client: RawRtmp,
  name: string,
  events: readonly SharedObjectEvent[],
  o: { isPersistent?: boolean; isAmf3?: boolean } = {},
): void {
  const payload = writeSharedObject({ name, version: 0, isPersistent: o.isPersistent ?? false, events });
  client.message(o.isAmf3 ? 16 : 19, o.isAmf3 ? Buffer.concat([Buffer.of(0), payload]) : payload);
}

/** A client sets one slot. */
export function setSlot(client: RawRtmp, name: string, slot: string, value: Buffer): void {
  sendObject(client, name, [{ kind: 'requestChange', slots: [{ name: slot, value }] }]);
}

/** The events that a client has got about an object so far. */
export function objectEvents(client: RawRtmp, name: string): SharedObjectEvent[] {
  return client.received
    .filter(({ type }) => type === 19 || type === 16)
    .flatMap(({ type, payload }) => {
      const message = readSharedObject(type, payload);
      return message?.name === name ? message.events : [];
    });
}
