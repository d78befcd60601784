import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config/table.js';
import { systemClock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { NatsBackend } from '../../jobs/nats/nats-backend.js';
import type { Table } from '../../jobs/table.js';
import type { Teller } from '../../jobs/tell/job-event.js';
import type { JobTemplate } from '../../jobs/template/template.js';
import { connectNats, type NatsConnection } from '../../nats/connection.js';
import { eventsOptions } from '../../server/options.js';

/** What the backend of a runner is made with. */
interface Deps {
  readonly log: Logger;
  readonly teller: Teller;
  /** To be applied. */
  readonly templates: readonly JobTemplate[];
  readonly stop: AbortSignal;
  /** Called with each event of a job that is told. @param json as it is stored */
  readonly onTold?: ((json: Buffer) => void) | undefined;
}

/** Between two attempts to connect, in ms. */
const RETRY_MS = 1000;

/**
 * Connects to NATS, however long that takes, and stores the templates.
 *
 * @returns undefined when it was stopped first
 * @throws SluiceError ERR_EVENTS_NATS_OPTIONS
 */
export async function natsBackend(config: Config, deps: Deps): Promise<NatsBackend | undefined> {
  const { log, teller, stop } = deps;
  const connection = await connected(config, log, stop);
  if (connection === undefined) return undefined;
  const { prefix, stream } = config.events;
  const places = { prefix, stream, streamsBucket: 'SLUICE_STREAMS', nodesBucket: 'SLUICE_NODES' };
  const backend = new NatsBackend({
    connection,
    places,
    replicas: config.nats.replicas,
    teller,
    clock: systemClock,
    log,
    onTold: deps.onTold,
  });
  while (!stop.aborted) {
    try {
      await backend.templates.ensure();
      await applyTemplates(backend.templates, deps.templates);
      return backend;
    } catch (error) {
      log.warn({ cause: (error as Error).message }, 'jobs: the templates cannot be stored yet');
      await delay(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  await backend.close();
  return undefined;
}

/**
 * Stores templates that are new or changed. It never removes one.
 *
 * @returns the names of those that were stored
 * @throws SluiceError ERR_JOB_STORE
 */
export async function applyTemplates(table: Table<JobTemplate>, templates: readonly JobTemplate[]): Promise<string[]> {
  const stored: string[] = [];
  for (const template of templates) {
    for (;;) {
      const held = await table.read(template.name);
      if (held !== undefined && JSON.stringify(held.value) === JSON.stringify(template)) break;
      const same = (value: JobTemplate): boolean => JSON.stringify(value) === JSON.stringify(template);
      const written = await table.write(template.name, template, held?.revision ?? 0, same);
      if (written.kind === 'conflict') continue;
      if (written.kind !== 'ok') throw new SluiceError('ERR_JOB_STORE', `${template.name}: ${written.text}`);
      stored.push(template.name);
      break;
    }
  }
  return stored;
}

async function connected(config: Config, log: Logger, stop: AbortSignal): Promise<NatsConnection | undefined> {
  let isTold = false;
  while (!stop.aborted) {
    try {
      return await connectNats({ ...(eventsOptions(config).nats ?? { urls: [] }), name: 'sluice jobs' });
    } catch (error) {
      if (error instanceof SluiceError && error.code !== 'ERR_EVENTS_UNREACHABLE') throw error;
      if (!isTold) log.warn({ cause: (error as Error).message }, 'jobs: NATS cannot be reached; it is tried again');
      isTold = true;
      await delay(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
  return undefined;
}
