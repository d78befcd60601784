import type { Door } from '../doors/door.js';
import type { ConnectionFacts } from '../live/access.js';
import type { DropCause } from '../model/drop-causes.js';
import type { Action } from '../protocol/server/actions.js';

/** The messages of one connection that are dropped. Every message is counted, and each cause is logged once. */
export class ConnectionDrops {
  /** Data messages that could not be read within the limits. */
  refusedData = 0;
  readonly #door: Door;
  readonly #facts: () => ConnectionFacts;
  readonly #told = new Set<DropCause>();
  #unknown = 0;

  constructor(door: Door, facts: () => ConnectionFacts) {
    this.#door = door;
    this.#facts = facts;
  }

  /** Notes what the session could not use. */
  act(action: Extract<Action, { kind: 'dataRefused' | 'dropped' }>): void {
    if (action.kind === 'dropped') {
      this.note(action.cause, 1);
      return;
    }
    this.refusedData++;
    this.#door.dataRefused(action.code);
  }

  /** @param total messages of unknown type that the codec has ignored since the connection began */
  unknown(total: number): void {
    if (total > this.#unknown) this.note('message_type', total - this.#unknown);
    this.#unknown = total;
  }

  /** A data message came in an odd form and was normalised. */
  mended(): void {
    this.#door.dataMended();
  }

  note(cause: DropCause, messages: number): void {
    const isFirst = !this.#told.has(cause);
    this.#told.add(cause);
    this.#door.dropped(this.#facts(), cause, messages, isFirst);
  }
}
