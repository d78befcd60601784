import { parseArgs } from 'node:util';
import { SluiceError } from '../core/errors.js';
import type { LoadOptions } from './options.js';
import { formatResult, formatSecond } from './report.js';
import { runLoad } from './run.js';

/** Text of `sluice load --help`. */
export const LOAD_HELP = `Usage: sluice load play|publish URL [options]

Opens many connections to any RTMP server, counts what flows, and tells how it went.

  -n, --count N        connections (default 1); publishers get names URL-1, URL-2 … when N > 1
      --seconds S      measure S seconds, then end (default: until Ctrl-C)
      --warmup S       wait S seconds once all are up before measuring (default 2)
      --rate N         new connections a second (default 500)
      --json           one JSON object a line on standard output: every second, and the result last
      --timeout-ms N   give a connection up that is not playing or publishing by then (default 15000)
      --drain-ms N     players: read all sockets once in N ms (default 5 from 100 players on, else as data comes)
      --sources N      spread over N source addresses 127.0.0.2 … on loopback (default: one per 8000 connections)
      --delay          publishers: stamp frames with the time; players: tell the delay (same machine)

Players:
      --verify         check every message: order, gaps and, of this generator's own stream, every byte
      --streams N      spread players over the names URL-1 … URL-N
      --delay-players N  players that look for stamps (default 50)

Publishers:
      --file FILE.flv  publish this in a loop (default: a synthetic 720p stream)
      --kbps N         bit rate of the synthetic stream (default 2680)
      --chunk-size N   bytes per chunk (default 4096)

Exit code: 0 when all connections were up and stayed, 1 otherwise, 2 on wrong usage.
`;

/**
 * The command `sluice load`: reads arguments, runs, prints. Ends in good order on SIGINT and SIGTERM.
 *
 * @param argv what follows `load`
 * @returns the exit code, see {@link LOAD_HELP}
 */
export async function runLoadCommand(argv: readonly string[]): Promise<number> {
  let options: LoadOptions;
  let json: boolean;
  try {
    const parsed = parse(argv);
    if (parsed === undefined) {
      process.stdout.write(LOAD_HELP);
      return 0;
    }
    ({ options, json } = parsed);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${LOAD_HELP}`);
    return 2;
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const line = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  try {
    const result = await runLoad({
      ...options,
      signal: stop.signal,
      onSecond: (second) => (json ? line(second) : process.stderr.write(`${formatSecond(second)}\n`)),
      onSteady: (second) => (json ? line(second) : undefined),
    });
    if (json) line(result);
    else process.stdout.write(`${formatResult(result)}\n`);
    return result.failed === 0 && result.disconnects === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof SluiceError && error.blame === 'operator' ? 2 : 1;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function parse(argv: readonly string[]): { options: LoadOptions; json: boolean } | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      count: { type: 'string', short: 'n' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      rate: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      verify: { type: 'boolean' },
      delay: { type: 'boolean' },
      'delay-players': { type: 'string' },
      streams: { type: 'string' },
      file: { type: 'string' },
      kbps: { type: 'string' },
      'chunk-size': { type: 'string' },
      sources: { type: 'string' },
      'drain-ms': { type: 'string' },
      'timeout-ms': { type: 'string' },
    },
  });
  if (values.help === true) return undefined;
  const [mode, url, ...rest] = positionals;
  if ((mode !== 'play' && mode !== 'publish') || url === undefined || rest.length > 0) {
    throw new SluiceError('ERR_LOAD_OPTION', 'play or publish and one URL were expected');
  }
  return {
    json: values.json ?? false,
    options: {
      mode,
      url,
      count: toNumber(values.count),
      seconds: toNumber(values.seconds),
      warmup: toNumber(values.warmup),
      rate: toNumber(values.rate),
      verify: values.verify,
      delay: values.delay,
      delayPlayers: toNumber(values['delay-players']),
      streams: toNumber(values.streams),
      file: values.file,
      kbps: toNumber(values.kbps),
      chunkSize: toNumber(values['chunk-size']),
      sources: toNumber(values.sources),
      drainMs: toNumber(values['drain-ms']),
      timeoutMs: toNumber(values['timeout-ms']),
    },
  };
}

/** Anything that is no number becomes NaN, which the bounds refuse. */
function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.trim() === '' ? 'x' : text);
}
