import { setTimeout as delay } from 'node:timers/promises';
import { RawClient, type RawClientOptions } from './raw-client.js';

/** The server that an attack runs against. */
export interface Target {
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** The address from which the attack comes: one, like any single client. */
  readonly address: string;
  /** Name of a good stream, in the app `live`. */
  readonly stream: string;
  /** Aborted when the attack is over. */
  readonly over: AbortSignal;
}

/** One way to harm a server. */
export interface Attack {
  readonly name: string;
  /** What it does, for people. */
  readonly says: string;
  /** Whether it begins streams. The log has a line for each, up to a burst that a normal site may need too. */
  readonly beginsStreams?: boolean;
  /**
   * Attacks until `target.over`, then closes everything.
   *
   * @returns numbers that say how much got through, for the report
   */
  run(target: Target): Promise<Readonly<Record<string, number>>>;
}

/** Where a client of an attack connects to and from. */
export function endpoint(target: Target): RawClientOptions {
  return { port: target.rtmpPort, localAddress: target.address };
}

/** Waits, at most until the attack is over. */
export async function pause(target: Target, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: target.over }).catch(() => undefined);
}

/** Calls `step` every `everyMs` until the attack is over. */
export async function repeat(target: Target, everyMs: number, step: () => void | Promise<void>): Promise<void> {
  while (!target.over.aborted) {
    await step();
    await pause(target, everyMs);
  }
}

/** Opens `count` clients by `make`, some at a time. Those that are refused are left out. */
export async function many(
  target: Target,
  count: number,
  make: (index: number) => Promise<RawClient>,
): Promise<RawClient[]> {
  const made: RawClient[] = [];
  for (let from = 0; from < count && !target.over.aborted; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) =>
      make(from + i).then(
        (client) => void made.push(client),
        () => undefined,
      ),
    );
    await Promise.all(batch);
  }
  return made;
}

const AT_ONCE = 50;

/** Closes clients. */
export function letGo(clients: readonly RawClient[]): void {
  for (const client of clients) client.destroy();
}

/** A client that publishes `name`, or `undefined` when it is refused. */
export async function publisher(target: Target, name: string): Promise<RawClient | undefined> {
  return RawClient.publishing(endpoint(target), name).catch(() => undefined);
}

/** A client past `connect` with message streams 1 to `streams`, or `undefined` when it is refused. */
export async function visitor(target: Target, streams: number): Promise<RawClient | undefined> {
  const client = await RawClient.connected(endpoint(target)).catch(() => undefined);
  client?.createStreams(streams);
  return client;
}
