import { readSharedObject, type SharedObjectEvent } from '../../../src/protocol/shared-objects/message.js';
import type { Subscriber } from '../../../src/shared-objects/shared-object.js';

/** A client that uses objects: what it was sent, and how much of that waits. */
export class TestUser implements Subscriber {
  pendingBytes = 0;
  readonly events: SharedObjectEvent[] = [];
  /** Bytes of every message that it was sent. */
  readonly sizes: number[] = [];
  version = -1;
  /** Whether it reads nothing: then what it is sent waits. */
  isSlow = false;

  deliver(payload: Buffer): void {
    const message = readSharedObject(19, payload);
    if (message === undefined) throw new Error(`unreadable: ${payload.toString('hex')}`);
    this.version = message.version;
    this.events.push(...message.events);
    this.sizes.push(payload.length);
    if (this.isSlow) this.pendingBytes += payload.length;
  }

  /** What it was sent since the last call, in short: `change x=…` with the last byte of the value. */
  take(): string[] {
    return this.events.splice(0).flatMap((event) => {
      switch (event.kind) {
        case 'change':
        case 'requestChange':
          return event.slots.map(({ name, value }) => `change ${name}=${value.toString('hex')}`);
        case 'success':
        case 'remove':
        case 'requestRemove':
          return [`${event.kind} ${event.name}`];
        case 'status':
          return [`status ${event.code}`];
        case 'send':
          return [`send ${event.values.toString('hex')}`];
        default:
          return [event.kind];
      }
    });
  }
}
