import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/table.js';
import { systemClock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import { createLogger, type Logger, stderrWriter } from '../../core/log.js';
import { VERSION } from '../../core/version.js';
import { within } from '../../core/within.js';
import { lockDir } from '../../events/journal/dir-lock.js';
import type { NatsBackend } from '../../jobs/nats/nats-backend.js';
import { JobFolder } from '../../jobs/run/job-folder.js';
import { starter } from '../../jobs/run/start-run.js';
import { type Backend, JobRunner, type RunnerOptions } from '../../jobs/runner/runner.js';
import { parseTemplates } from '../../jobs/template/parse.js';
import { readTemplateFiles } from '../../jobs/template/read-files.js';
import type { JobTemplate } from '../../jobs/template/template.js';
import { Traces } from '../../traces/traces.js';
import { type ConfigOptions, configFrom } from '../config-flags.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { stopSignal } from '../stop-signal.js';
import { AskedDrain, openDoor, serveMetrics } from './runner-reach.js';
import { durationOf, labelsOf } from './values.js';

/** Options of `sluice jobs run`. */
export interface JobsRunOptions extends ConfigOptions {
  readonly file?: readonly string[];
  readonly http?: string;
  readonly tokenFile?: string;
  readonly slots?: string;
  readonly labels?: readonly string[];
  readonly dispatch?: boolean;
  readonly drainDeadline?: string;
  readonly wait?: boolean;
  /** `HOST:PORT`. */
  readonly metrics?: string;
}

/** How long the end may take besides the drain, in ms. */
const CLOSE_MS = 8000;
const LAST_LINES_MS = 500;
const DRAIN_MS = 600_000;

/**
 * `sluice jobs run`: applies templates and runs jobs until SIGINT or SIGTERM, which drain.
 *
 * @returns the exit code
 * @throws SluiceError ERR_JOB_TEMPLATES_INVALID, ERR_CONFIG_*, ERR_CLI_USAGE, ERR_EVENTS_*
 */
export async function jobsRun(options: JobsRunOptions, io: Io): Promise<number> {
  const templates = parseTemplates(readTemplateFiles(options.file ?? []));
  const { config, warnings } = configFrom(options, io);
  if (config.nats.url !== '' && options.http !== undefined)
    throw new SluiceError('ERR_CLI_USAGE', 'one of --http and --nats was expected');
  if (options.dispatch === true && config.nats.url === '')
    throw new SluiceError('ERR_CLI_USAGE', '--dispatch needs NATS; --nats was expected');
  const drainMs = durationOf(options.drainDeadline, '--drain-deadline', DRAIN_MS);
  const log = createLogger(config.log);
  for (const warning of warnings) log.warn(warning);
  const stop = stopSignal();
  const folder = join(config.data, 'jobs');
  const lock = await lockDir(folder);
  let traces: Traces | undefined;
  try {
    const jobFolder = await JobFolder.open(folder, {
      log,
      keepMs: config.jobs.logKeepMs,
      maxBytes: config.jobs.logMaxBytes,
    });
    const o = runnerOptions(config, options, jobFolder.runnerId);
    traces = await Traces.open(config.traces, { log, instanceId: o.runnerId });
    const onTold = traces && ((json: Buffer) => traces?.job(json));
    const made = await backendOf(config, options, { log, folder, runnerId: o.runnerId, templates, stop, onTold });
    if (made === undefined) return EXIT.ok;
    const { backend, nats } = made;
    await jobFolder.recover(backend.jobs);
    const runner = new JobRunner(o, {
      backend,
      clock: systemClock,
      log,
      random: Math.random,
      start: starter(jobFolder, log, nats?.queueStarter(o.leaseMs)),
    });
    const { prefix } = config.events;
    const { allowedHosts } = config.http;
    const reached = { runner, o, log, nats, logs: jobFolder.logs, prefix, allowedHosts };
    await serve({ reached, options, stop, drainMs });
  } finally {
    await traces?.close(CLOSE_MS);
    await lock.release();
    await stderrWriter().flush(LAST_LINES_MS);
  }
  return EXIT.ok;
}

interface Serving {
  readonly reached: Parameters<typeof openDoor>[0];
  readonly options: JobsRunOptions;
  readonly stop: AbortSignal;
  readonly drainMs: number;
}

async function serve({ reached, options, stop, drainMs }: Serving): Promise<void> {
  const { runner, o, log, nats } = reached;
  const drain = new AskedDrain();
  const over = AbortSignal.any([stop, drain.signal]);
  const closing = [await openDoor(reached, drain)];
  try {
    if (options.metrics !== undefined) closing.push(await serveMetrics(options.metrics, reached));
    await Promise.race([runner.start(), aborted(over)]);
    if (!over.aborted)
      log.info({ runner: o.runnerId, slots: o.slots, labels: JSON.stringify(o.labels) }, 'jobs: the runner takes jobs');
    const gives = options.dispatch === true && !over.aborted;
    const service = gives ? nats?.dispatch(runner, { leaseMs: o.leaseMs, version: VERSION }) : undefined;
    if (service !== undefined) log.info('jobs: workers outside can lease jobs');
    await aborted(over);
    service?.drain();
    log.info({ signal: over.reason }, 'stopping: jobs are handed over');
    const deadlineMs = drain.deadlineMs ?? drainMs;
    await within(runner.drain(deadlineMs), deadlineMs + CLOSE_MS);
    service?.close();
  } finally {
    for (const close of closing) close();
    await within(runner.close(), CLOSE_MS);
  }
}

function runnerOptions({ jobs }: Config, options: JobsRunOptions, runnerId: string): RunnerOptions {
  const given = options.slots === undefined ? jobs.slots : Number(options.slots);
  if (!Number.isSafeInteger(given) || given < 0 || given > 10_000)
    throw new SluiceError('ERR_CLI_USAGE', `--slots ${options.slots}; a whole number from 1 to 10000 was expected`);
  return {
    runnerId,
    slots: given === 0 ? availableParallelism() * 2 : given,
    labels: labelsOf(options.labels ?? []),
    ...{ leaseMs: jobs.leaseMs, keepMs: jobs.keepMs, onIsolated: jobs.onIsolated, compareMs: jobs.compareMs },
    waits: options.wait === true,
  };
}

interface BackendDeps {
  readonly log: Logger;
  readonly folder: string;
  readonly runnerId: string;
  readonly templates: readonly JobTemplate[];
  readonly stop: AbortSignal;
  readonly onTold: ((json: Buffer) => void) | undefined;
}

interface FoundBackend {
  readonly backend: Backend;
  /** The same; undefined without NATS. */
  readonly nats: NatsBackend | undefined;
}

/** @returns undefined when it was stopped before there was a connection */
async function backendOf(
  config: Config,
  options: JobsRunOptions,
  deps: BackendDeps,
): Promise<FoundBackend | undefined> {
  const teller = { prefix: config.events.prefix, runnerId: deps.runnerId, bootId: newId(), host: hostname() };
  if (config.nats.url !== '') {
    const { natsBackend } = await import('./nats-backend.js');
    const nats = await natsBackend(config, { ...deps, teller });
    return nats === undefined ? undefined : { backend: nats, nats };
  }
  const { httpBackend } = await import('./http-backend.js');
  return { backend: await httpBackend(config, options, deps), nats: undefined };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
