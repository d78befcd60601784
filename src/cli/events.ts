import type { Config } from '../config/table.js';
import { followHttp } from '../events/consume/follow-http.js';
import type { SluiceEvent } from '../events/event-types.js';
import { configFrom } from './config-flags.js';
import { EXIT } from './exit-codes.js';
import { formatEvent } from './format-event.js';
import { httpBase } from './http-base.js';
import { tokenHeaders } from './http-token.js';
import type { Io } from './io.js';
import { formatLive, liveStreams } from './live-streams.js';
import { stopSignal } from './stop-signal.js';

/** Options of `sluice events`. */
export interface EventsOptions {
  readonly nats?: string;
  readonly http?: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly config?: string;
  readonly tokenFile?: string;
}

/**
 * `sluice events`: prints events as they happen until it is stopped.
 *
 * @returns the exit code
 * @throws SluiceError ERR_EVENTS_UNREACHABLE, ERR_CLI_USAGE, ERR_CONFIG_*
 */
export async function events(options: EventsOptions, io: Io): Promise<number> {
  const { config } = configFrom({ config: options.config, nats: options.nats }, io);
  const signal = AbortSignal.any([stopSignal(), io.gone]);
  for await (const json of await source(options, config, signal, io)) {
    io.out(`${options.json === true ? json : formatEvent(JSON.parse(json) as SluiceEvent, io.colour)}\n`);
    await io.room(signal);
  }
  return EXIT.ok;
}

async function source(
  options: EventsOptions,
  config: Config,
  signal: AbortSignal,
  io: Io,
): Promise<AsyncIterable<string>> {
  const notice = (text: string) => io.err(`sluice: ${text}\n`);
  const { since } = options;
  // An explicit --http wins over a NATS server that only the environment or the file names.
  if (config.nats.url !== '' && options.http === undefined) {
    const { followNats } = await import('./follow-nats.js');
    return followNats({ config, since, signal, notice });
  }
  const base = httpBase(options.http ?? config.http.listen);
  const headers = tokenHeaders(options.tokenFile, config);
  // A person who only watches sees the live streams first: an empty terminal would look as if it did not work.
  const connected =
    options.json === true || since !== undefined
      ? undefined
      : async (): Promise<void> => {
          for (const stream of await liveStreams(base, headers, signal)) io.out(`${formatLive(stream)}\n`);
          notice(`following ${base}`);
        };
  return followHttp({ base, headers, since, signal, notice, connected });
}
