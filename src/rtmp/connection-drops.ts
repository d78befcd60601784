import type { ConnectionFacts, ConnectionHost } from '../live/access.js';
import type { DropCause } from '../model/drop-causes.js';
import type { Action } from '../protocol/server/actions.js';

/** What one connection sent in vain: every message is counted, and each cause is told once. */
export class ConnectionDrops {
  /** Data messages that could not be read within the limits. */
  refusedData = 0;
  readonly #host: ConnectionHost;
  readonly #facts: () => ConnectionFacts;
  readonly #told = new Set<DropCause>();
  #unknown = 0;

  constructor(host: ConnectionHost, facts: () => ConnectionFacts) {
    this.#host = host;
    this.#facts = facts;
  }

  /** Takes note of what the session could not use. */
  act(action: Extract<Action, { kind: 'dataRefused' | 'dropped' }>): void {
    if (action.kind === 'dropped') {
      this.note(action.cause, 1);
      return;
    }
    this.refusedData++;
    this.#host.dataRefused(action.code);
  }

  /** @param total messages of unknown type that the codec has passed over since the connection began */
  unknown(total: number): void {
    if (total > this.#unknown) this.note('message_type', total - this.#unknown);
    this.#unknown = total;
  }

  /** A data message came in an odd form and was put in order. */
  mended(): void {
    this.#host.dataMended();
  }

  note(cause: DropCause, messages: number): void {
    const isFirst = !this.#told.has(cause);
    this.#told.add(cause);
    this.#host.dropped(this.#facts(), cause, messages, isFirst);
  }
}
