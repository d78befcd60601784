import { type LinkState, type NatsConnection, onDeniedPublish, onReconnects } from './connection.js';

/**
 * A connection that is there already, for the requests of a tool: it begins connected and ends with the tool. While the
 * server is away there is none, so that nothing is sent that would be carried out long after nobody waits for it.
 */
export class ToolLink {
  readonly #connection: NatsConnection;
  readonly #states = new Set<(state: LinkState) => void>();
  readonly #denied = new Set<(subject: string) => void>();
  #isConnected = true;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    void onDeniedPublish(connection, (subject) => {
      for (const listener of this.#denied) listener(subject);
    });
    void onReconnects(connection, (isConnected) => {
      this.#isConnected = isConnected;
      for (const listener of this.#states) listener(isConnected ? 'connected' : 'disconnected');
    });
  }

  get connection(): NatsConnection | undefined {
    return this.#isConnected && !this.#connection.isClosed() ? this.#connection : undefined;
  }

  /** Calls `listener` on every change. The client subscribes again by itself. */
  onState(listener: (state: LinkState) => void): void {
    this.#states.add(listener);
  }

  /** Calls `listener` with each subject that the server did not let this user publish to. */
  onDenied(listener: (subject: string) => void): void {
    this.#denied.add(listener);
  }
}
