import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { formatHostPort, parseListen } from '../../config/listen.js';
import { systemClock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Metric } from '../../http/deps.js';
import { HostGuard } from '../../http/host-guard.js';
import type { NatsBackend } from '../../jobs/nats/nats-backend.js';
import { jobIdOf } from '../../jobs/record/record.js';
import type { JobLogs } from '../../jobs/run/job-logs.js';
import type { JobRunner, RunnerOptions } from '../../jobs/runner/runner.js';
import type { MetricName } from '../../model/metrics.js';

/** A runner, and what of it can be reached from outside. */
interface Reached {
  readonly runner: JobRunner;
  readonly o: RunnerOptions;
  readonly log: Logger;
  readonly logs: JobLogs;
  /** Undefined without NATS. */
  readonly nats: NatsBackend | undefined;
  /** `events.prefix`. */
  readonly prefix: string;
  /** `http.allowedHosts`. */
  readonly allowedHosts: string;
}

/** Most running jobs that `info` names. */
const MOST_NAMED = 100;
/** Clients of the page of metrics at a time; each has so long for its request, in ms. */
const MOST_CLIENTS = 16;
const REQUEST_MS = 5000;

/** Drains that are asked for over NATS. The signal is aborted once; the process then ends as after SIGTERM. */
export class AskedDrain {
  readonly #asked = new AbortController();
  deadlineMs: number | undefined;

  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  /** @returns whether it was asked for before; then only the first deadline counts */
  ask(deadlineMs: number | undefined): boolean {
    if (this.#asked.signal.aborted) return true;
    this.deadlineMs = deadlineMs;
    this.#asked.abort('drain');
    return false;
  }
}

/** Opens what a runner answers over NATS. @returns what closes it */
export async function openDoor(reached: Reached, drain: AskedDrain): Promise<() => void> {
  const { nats, prefix, o, logs, log } = reached;
  if (nats === undefined) return () => undefined;
  const { RunnerDoor } = await import('../../jobs/nats/runner-door.js');
  const door = new RunnerDoor({
    ...{ requests: nats.requests, prefix, runnerId: o.runnerId, logs, clock: systemClock, log },
    info: () => infoOf(reached),
    progressOf: (jobId, attempt) => progressOf(reached, jobId, attempt),
    drain: (deadlineMs) => drain.ask(deadlineMs),
  });
  return () => door.close();
}

function infoOf({ runner, o }: Reached): Readonly<Record<string, unknown>> {
  const running = [...runner.running];
  return {
    ...runner.state,
    ...{ runnerId: o.runnerId, host: hostname(), labels: o.labels, used: running.length, open: runner.counts.open },
    jobs: running.slice(0, MOST_NAMED).map(({ record, run }) => ({
      ...{ jobId: jobIdOf(record), attempt: record.attempt, state: record.state },
      ...(run?.pid === undefined ? {} : { pid: run.pid }),
      ...(run === undefined ? {} : { progress: run.progress }),
    })),
  };
}

function progressOf(
  { runner }: Reached,
  jobId: string,
  attempt: number,
): Readonly<Record<string, unknown>> | undefined {
  const found = [...runner.running].find(({ record }) => record.attempt === attempt && jobIdOf(record) === jobId);
  return found?.run === undefined ? undefined : { ...found.run.progress };
}

/**
 * Serves the metrics of a runner.
 *
 * @param listen `HOST:PORT`
 * @returns what ends it
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE, ERR_LISTEN
 */
export async function serveMetrics(listen: string, reached: Reached): Promise<() => void> {
  const { host, port } = parseListen(listen);
  const { MetricsPage } = await import('../../http/metrics.js');
  const page = new MetricsPage();
  const guard = new HostGuard(reached.allowedHosts);
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    if (!guard.allows(request.headers.host)) {
      response.writeHead(421, { 'content-type': 'text/plain' }).end('this name is not in http.allowedHosts\n');
      return;
    }
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('only GET /metrics is here\n');
      return;
    }
    void page.render(runnerMetrics(reached)).then(
      (text) => response.writeHead(200, { 'content-type': page.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = MOST_CLIENTS;
  const bound = await listening(server, host, port);
  reached.log.info({ address: formatHostPort({ host, port: bound }) }, 'jobs: metrics are served');
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

async function listening(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new SluiceError('ERR_LISTEN', `${formatHostPort({ host, port })} ${error.code ?? ''}`.trim(), { cause: error }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

/** The metrics of a runner, as they are now. */
function runnerMetrics({ runner, nats }: Pick<Reached, 'runner' | 'nats'>): Metric[] {
  const { open, running } = runner.counts;
  const { waiting = 0, dropped = 0 } = nats?.tell.counts ?? {};
  const one = (name: MetricName, value: number): Metric => ({ name, samples: [{ value }] });
  return [
    one('sluice_runner_slots', runner.state.slots),
    one('sluice_runner_used', running),
    one('sluice_runner_draining', runner.state.state === 'draining' ? 1 : 0),
    one('sluice_runner_jobs_open', open),
    {
      name: 'sluice_runner_attempts_total',
      samples: [...runner.outcomes].map(([outcome, value]) => ({ value, labels: { outcome } })),
    },
    one('sluice_runner_events_waiting', waiting),
    one('sluice_runner_events_dropped_total', dropped),
  ];
}
