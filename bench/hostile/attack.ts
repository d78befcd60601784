import { setTimeout as delay } from 'node:timers/promises';
import { RawClient, type RawClientOptions } from './raw-client.js';

/** What an attack is let loose on. */
export interface Target {
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** Where the attack comes from: one address, as one stranger has. */
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
  /** It begins streams, which is told in the log line by line up to a burst that an honest site may need too. */
  readonly beginsStreams?: boolean;
  /**
   * Attacks until `target.over`, and lets everything go.
   *
   * @returns numbers that tell how much got through, for the report
   */
  run(target: Target): Promise<Readonly<Record<string, number>>>;
}

/** Where a client of an attack connects to and from. */
export function endpoint(target: Target): RawClientOptions {
  return { port: target.rtmpPort, localAddress: target.address };
}

/** Waits, or less when the attack is over. */
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

/** Opens `count` clients by `make`, some at a time; those that are refused are left out. */
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

/** Lets clients go. */
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
