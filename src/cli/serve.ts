import { setFlagsFromString } from 'node:v8';
import { parseListen } from '../config/listen.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/table.js';
import { createLogger, type Logger, stderrWriter } from '../core/log.js';
import { isLoopback } from '../core/loopback.js';
import { within } from '../core/within.js';
import { hidesNames } from '../server/options.js';
import type { SluiceServer } from '../server/sluice-server.js';
import { banner } from './banner.js';
import { type ConfigOptions, configSources } from './config-flags.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';
import { stopSignal } from './stop-signal.js';
import { startTrace } from './trace.js';

/** Time beyond shutdown.deadlineMs after which the process ends without an orderly shutdown. */
const GRACE_MS = 700;
/** Longest time for the last log lines. */
const LAST_LINES_MS = 500;

/**
 * `sluice serve`: runs the server until SIGINT or SIGTERM, or until it was drained. At SIGHUP it reads its settings
 * again.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CONFIG_*, ERR_LISTEN and every other error that prevents the start; ERR_CLUSTER_SAME_ID
 */
export async function serve(options: ConfigOptions, io: Io): Promise<number> {
  const sources = configSources(options, io);
  const { config, warnings } = loadConfig(sources);
  let server: SluiceServer | undefined;
  startTrace(
    io.env['SLUICE_TRACE'] ?? '',
    (line) => stderrWriter(config.log.bufferBytes).write(line),
    () => server?.hidesNames ?? hidesNames(config),
  );
  tuneCollector();
  const log = createLogger(config.log);
  for (const warning of warnings) log.warn(warning);
  warnOfPlainTokens(config, log);
  const stop = stopSignal(() => void server?.reload('SIGHUP'));
  dieOnDefect(log);
  logWarnings(log);
  const { createServer } = await import('../server/server.js');
  const running = await createServer({}, { log, sources });
  server = running;
  io.out(banner(config, running.rtmpAddress, running.httpAddress, running.rtmpsAddress));
  await Promise.race([aborted(stop), running.stopped]);
  if (stop.aborted) log.info({ signal: stop.reason }, 'stopping: players are told, events are written');
  const deadlineMs = running.closeMs + GRACE_MS;
  const closed = await within(running.close(), deadlineMs);
  if (!closed)
    log.error({ deadlineMs }, 'the server did not stop in time; what is left in the journal follows at the next start');
  await stderrWriter().flush(LAST_LINES_MS);
  if (running.failure !== undefined) throw running.failure;
  return closed ? EXIT.ok : EXIT.failed;
}

/**
 * Sets how V8 collects garbage, as measured best by bench:hostile. Node 20, 22 and 24 know both flags; what the first
 * prevents was seen on 20 and 22 only.
 */
function tuneCollector(): void {
  // With little load, V8 compacts the whole heap to give some 30 MB back. That is a pause of 15 to 20 ms, longer than
  // any other, in which every player waits. A heap that was in use once will be needed again.
  setFlagsFromString('--no-memory-reducer');
  // Without this, garbage may grow to more than twice of what is in use before it is collected: 71 MB for 28 while
  // unauthenticated clients come and go.
  setFlagsFromString('--heap-growing-percent=75');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Node writes warnings to stderr itself and waits until they are read. Here they become log lines, for which nothing
 * waits.
 */
function logWarnings(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ err: warning }, 'a warning of Node'));
}

/**
 * After a defect the state is unknown: the defect is logged and the process ends. The supervisor starts it again, and
 * the journal is recovered.
 */
function dieOnDefect(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error({ err: error, code: 'ERR_INTERNAL' }, 'a defect: the process ends');
    process.exit(EXIT.failed);
  });
}

/** There is no TLS, so a token that comes from another machine can be read on the way. */
function warnOfPlainTokens({ http }: Config, log: Logger): void {
  if (http.listen === 'off' || isLoopback(parseListen(http.listen).host)) return;
  log.warn(
    { listen: http.listen },
    'bearer tokens cross the network in the clear here: put a proxy with TLS before it',
  );
}
