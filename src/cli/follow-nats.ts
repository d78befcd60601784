import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../config/table.js';
import { SluiceError } from '../core/errors.js';
import { textOf } from '../events/consume/delivery.js';
import { type ReadFrom, readStream } from '../events/consume/ordered-reader.js';
import { findStart } from '../http/event-feed.js';
import { connectNats, type NatsConnection, natsErrorCode } from '../nats/connection.js';
import { natsWords } from '../nats/words.js';
import { eventsOptions } from '../server/options.js';

/** Options for following the events on NATS. */
export interface FollowNatsOptions {
  /** The settings that say where NATS is, and the names of the stream and its subjects. */
  readonly config: Config;
  readonly since: string | undefined;
  readonly signal: AbortSignal;
  /** Is told what a person who waits should know. */
  notice(text: string): void;
}

/** Time between two checks for a stream that is not there yet. */
const RETRY_MS = 1000;

/**
 * Follows the events in JetStream, history first when `since` asks for it.
 *
 * @yields the JSON text of each event
 * @throws SluiceError ERR_EVENTS_UNREACHABLE, ERR_EVENTS_NO_JETSTREAM, ERR_CLI_USAGE, ERR_EVENTS_NATS_OPTIONS
 */
export async function* followNats({ config, since, signal, notice }: FollowNatsOptions): AsyncGenerator<string> {
  const from = startOf(since);
  const connection = await connectNats(eventsOptions(config).nats ?? { urls: [] });
  const close = (): void => void connection.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    const { stream, prefix } = config.events;
    const waited = await streamExists(connection, stream, signal, notice);
    if (signal.aborted) return;
    // The stream was not there before, so everything in it is new.
    const start = waited ? 'all' : from;
    const onTrouble = (what: string | undefined): void =>
      notice(what === undefined ? 'going on' : `no events can be read now: ${what}; waiting`);
    const reading = { stream, filter: `${prefix}.>`, from: start, signal, onTrouble };
    for await (const delivery of readStream(connection, reading)) yield textOf(delivery);
  } catch (error) {
    if (signal.aborted) return;
    throw inWords(error, connection.getServer());
  } finally {
    signal.removeEventListener('abort', close);
    await connection.close();
  }
}

function startOf(since: string | undefined): ReadFrom {
  const cursor = findStart(undefined, since, Date.now());
  if (cursor === undefined) {
    throw new SluiceError('ERR_CLI_USAGE', `--since ${since}; expected a duration such as 1h, a time, or all`);
  }
  if (cursor === 'now') return 'new';
  return typeof cursor === 'object' && 'sinceMs' in cursor ? { timeMs: cursor.sinceMs } : 'all';
}

/** Turns what the client says about a server to which it is connected into an error with a code. */
function inWords(error: unknown, server: string): unknown {
  const code = natsErrorCode(error);
  if (code === 'UNKNOWN') return error;
  const detail = `${server}: ${natsWords(code, (error as Error).message)}`;
  if (code === '503') return new SluiceError('ERR_EVENTS_NO_JETSTREAM', server, { cause: error });
  return new SluiceError('ERR_EVENTS_UNREACHABLE', detail, { cause: error });
}

/** Waits until the server that owns the events has made its stream. Returns whether it had to wait. */
async function streamExists(
  connection: NatsConnection,
  name: string,
  signal: AbortSignal,
  notice: (text: string) => void,
): Promise<boolean> {
  const manager = await connection.jetstreamManager();
  for (let attempt = 0; !signal.aborted; attempt++) {
    const found = await manager.streams.info(name).then(
      () => true,
      (error: unknown) => {
        if (natsErrorCode(error) !== '404') throw error;
        return false;
      },
    );
    if (found) return attempt > 0;
    if (attempt === 0) notice(`there is no stream ${name} yet; waiting for the server that makes it`);
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return true;
}
