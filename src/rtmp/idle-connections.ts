/**
 * Connections whose connect was accepted and that neither publish nor play, the one that has been so for longest first.
 */
export class IdleConnections<Connection> {
  /** In the order in which they became idle, so that nothing has to be searched, however many there are. */
  readonly #members = new Set<Connection>();

  get size(): number {
    return this.#members.size;
  }

  /** The one that has been idle for longest. */
  get longest(): Connection | undefined {
    return this.#members.values().next().value;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#members.values();
  }

  /** A connection became idle, or is no longer idle. One that is idle already keeps its place. */
  note(connection: Connection, isIdle: boolean): void {
    if (isIdle) this.#members.add(connection);
    else this.#members.delete(connection);
  }
}
