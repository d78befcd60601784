import { type NatsConnection, onDeniedPublish } from './connection.js';

/** A connection that is there already, for the requests of a tool: it begins connected and ends with the tool. */
export class ToolLink {
  readonly #connection: NatsConnection;
  readonly #denied = new Set<(subject: string) => void>();

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    void onDeniedPublish(connection, (subject) => {
      for (const listener of this.#denied) listener(subject);
    });
  }

  get connection(): NatsConnection | undefined {
    return this.#connection.isClosed() ? undefined : this.#connection;
  }

  /** Of no use here: the client connects again by itself, with all subscriptions. */
  onState(): void {}

  /** Calls `listener` with each subject that the server did not let this user publish to. */
  onDenied(listener: (subject: string) => void): void {
    this.#denied.add(listener);
  }
}
