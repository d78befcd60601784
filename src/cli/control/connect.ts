import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { ControlClient } from '../../control/client/control-client.js';
import { SluiceError } from '../../core/errors.js';
import { configFrom } from '../config-flags.js';
import { httpBase } from '../http-base.js';
import { tokenHeaders } from '../http-token.js';
import type { Io } from '../io.js';

/** Flags that every command of control has: where to ask, and how to print. */
export interface ControlOptions {
  readonly http?: string;
  readonly nats?: string;
  readonly tokenFile?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * Connects to what the flags name: the HTTP interface of a server, or the cluster behind NATS with `--nats`.
 *
 * @throws SluiceError ERR_CONFIG_*, ERR_CLI_USAGE, ERR_EVENTS_UNREACHABLE, ERR_EVENTS_NATS_OPTIONS
 */
async function connect(options: ControlOptions, io: Io): Promise<ControlClient> {
  if (options.nats !== undefined && options.http !== undefined)
    throw new SluiceError('ERR_CLI_USAGE', 'one of --http and --nats was expected');
  const { config } = configFrom({ config: options.config, nats: options.nats }, io);
  if (options.nats !== undefined) {
    const { connectControl } = await import('./connect-nats.js');
    return connectControl(config, `cli:${nameOfUser()}`);
  }
  const { HttpControl } = await import('../../control/client/http-control.js');
  return new HttpControl(httpBase(options.http ?? config.http.listen), tokenHeaders(options.tokenFile, config));
}

/** Connects, does something, and disconnects. */
export async function withControl<T>(
  options: ControlOptions,
  io: Io,
  work: (client: ControlClient) => Promise<T>,
): Promise<T> {
  const client = await connect(options, io);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** An id for a request that changes something. */
export function newRequestId(): string {
  return randomUUID();
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
