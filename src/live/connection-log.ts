import type { Clock } from '../core/clock.js';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import type { Lifecycle } from '../events/lifecycle.js';
import { DROP_CAUSES, type DropCause } from '../model/drop-causes.js';
import type { ConnectionFacts, Report } from './access.js';
import type { AddressLog } from './address-log.js';
import type { EventAccount } from './event-account.js';

/** The parts that the connection log needs. */
interface ConnectionLogParts {
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly account: EventAccount;
  readonly log: Logger;
  /** For what any unauthenticated client can cause as often as it connects. */
  readonly faults: AddressLog;
}

/** Reports connections: in signals, in the log and in numbers. */
export class ConnectionLog {
  /** Closed connections by error code, for `/metrics`, like all further counts. */
  readonly closedBy = new Map<ErrorCode, number>();
  /** Data messages that could not be read within the limits. */
  readonly dataRefusedBy = new Map<ErrorCode, number>();
  dataMessagesMended = 0;
  /** Messages that went nowhere. */
  readonly droppedBy = new Map<DropCause, number>();
  readonly #parts: ConnectionLogParts;
  /** Connections whose opening was told: only then their end is. */
  readonly #told = new Set<string>();

  constructor(parts: ConnectionLogParts) {
    this.#parts = parts;
  }

  opened({ connectionId, peer, transport }: ConnectionFacts): void {
    if (!this.#tells(peer.address)) return;
    this.#told.add(connectionId);
    this.#parts.lifecycle.connection('opened', connectionId, { peer, transport });
  }

  /** A socket was refused before it became a connection. It is logged, unless its address is logged too often. */
  refused(address: string, code: ErrorCode): void {
    if (!this.#tells(address)) return;
    this.#parts.lifecycle.connection('rejected', newId(), { peer: { address, port: 0 }, code });
  }

  closed({ facts, code, detail, refusedData }: Extract<Report, { kind: 'connectionClosed' }>): void {
    add(this.closedBy, code, 1);
    const { connectionId, peer } = facts;
    if (this.#told.delete(connectionId))
      this.#parts.lifecycle.connection('closed', connectionId, { peer, code, detail });
    const fields = {
      connectionId,
      peer: peer.address,
      code,
      ...(detail === '' ? {} : { detail }),
      ...(refusedData === 0 ? {} : { refusedData }),
    };
    // A publish that was refused has a line already, with the reason.
    const told = code === 'ERR_SESSION_PUBLISH_REFUSED' && detail.startsWith('NetStream.');
    if (!told && !ERRORS[code].usual)
      this.#parts.faults.tell('warn', peer.address, fields, 'connection closed by a fault');
    else if (refusedData > 0) this.#parts.faults.tell('info', peer.address, fields, 'connection closed');
    else this.#parts.log.debug(fields, 'connection closed');
  }

  /** Messages were dropped, for a cause that is new on their connection. */
  dropped({ connectionId, peer }: ConnectionFacts, cause: DropCause, messages: number): void {
    add(this.droppedBy, cause, messages);
    this.#parts.faults.tell('info', peer.address, { connectionId, peer: peer.address, cause }, DROP_CAUSES[cause]);
  }

  counted({ dropped, dataRefused, dataMended }: Extract<Report, { kind: 'messagesCounted' }>): void {
    for (const [cause, messages] of Object.entries(dropped)) add(this.droppedBy, cause as DropCause, messages);
    for (const [code, messages] of Object.entries(dataRefused)) add(this.dataRefusedBy, code as ErrorCode, messages);
    this.dataMessagesMended += dataMended;
  }

  #tells(address: string): boolean {
    return this.#parts.account.tells('connection', address, this.#parts.clock.monotonicMs());
  }
}

function add<Key>(counts: Map<Key, number>, key: Key, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
