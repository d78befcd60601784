import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

/** A server whose program the user brings; its configuration lies beside this file. */
export interface ExternalBinary {
  /** What `--peer` calls it. */
  readonly name: string;
  /** The environment variable that names the program's file. */
  readonly variable: string;
  /** The file that is looked for on the PATH when the variable is not set. */
  readonly program: string;
  /** What the file has to be, for error messages: product, version that the configuration is written for, build. */
  readonly expected: string;
  /** Template of the configuration. Each start fills in `@port@`, `@httpPort@`, `@directory@` and `@settings@`. */
  readonly config: string;
  /** Lines of configuration in which two peers of one program differ. */
  readonly settings?: readonly string[];
  /** Arguments that make the program read its configuration. @param file its path */
  readonly args: (file: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SRS = {
  variable: 'SRS_BIN',
  program: 'srs',
  expected: 'SRS built for release, which its default build is not',
  config: 'srs.conf',
  args: (file: string) => ['-c', file],
};

/** The servers of this kind. RTMP is on loopback, everything else off as far as they allow, the rest at its default. */
export const EXTERNAL_BINARIES: readonly ExternalBinary[] = [
  // As shipped SRS merges 350 ms of media into one write and sends late joiners the GOP.
  { ...SRS, name: 'srs' },
  // What the project recommends for low latency: no merged reads, writes as soon as there is something.
  {
    ...SRS,
    name: 'srs-low-latency',
    settings: ['tcp_nodelay on;', 'min_latency on;', 'play { mw_latency 0; }', 'publish { mr off; }'],
  },
  {
    name: 'mediamtx',
    variable: 'MEDIAMTX_BIN',
    program: 'mediamtx',
    expected: 'MediaMTX 1.x',
    config: 'mediamtx.yml',
    args: (file) => [file],
    env: { MTX_MOQ: 'no' },
  },
  {
    name: 'lal',
    variable: 'LAL_BIN',
    program: 'lalserver',
    expected: 'lalserver of lal 0.37',
    config: 'lal.conf.json',
    args: (file) => ['-c', file],
  },
  {
    name: 'xiu',
    variable: 'XIU_BIN',
    program: 'xiu',
    expected: 'xiu 0.14, built for release',
    config: 'xiu.toml',
    args: (file) => ['-c', file],
  },
];

/** The peer that runs `server`. It is left out when nothing names its program; a program that is named has to start. */
export function externalPeer(server: ExternalBinary): Peer {
  const { name, variable, program, expected } = server;
  return {
    name,
    feedsItself: false,
    leftOut: () =>
      findBinary(server) === undefined
        ? `${name} is left out: ${variable} is not set and no ${program} is on the PATH (expected: ${expected})`
        : undefined,
    async start(options: PeerStart): Promise<RunningPeer> {
      const binary = findBinary(server);
      if (binary === undefined) throw new Error(`${name}: name ${expected} in ${variable}`);
      const directory = join(options.directory, name);
      mkdirSync(directory, { recursive: true });
      const port = await freePort();
      const file = join(directory, server.config);
      writeFileSync(file, configOf(server, { port, httpPort: await freePort(), directory }));
      const child = new BenchProcess({
        command: binary,
        args: server.args(file),
        core: options.core,
        env: server.env,
        cwd: directory,
      });
      try {
        return await runningPeer(port, child);
      } catch (error) {
        await child.stop();
        throw new Error(
          `${name} does not start: ${binary} did not listen with bench/peers/${server.config}. Expected: ${expected}; ` +
            `name such a file in ${variable}, or do without "--peer ${name}". ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
  };
}

/** What differs from start to start in a configuration. */
interface Places {
  readonly port: number;
  readonly httpPort: number;
  readonly directory: string;
}

/** The configuration of `server` for one start. */
export function configOf(server: ExternalBinary, { port, httpPort, directory }: Places): string {
  return readFileSync(sourcePath(`bench/peers/${server.config}`), 'utf8')
    .replaceAll('@port@', String(port))
    .replaceAll('@httpPort@', String(httpPort))
    .replaceAll('@directory@', directory)
    .replaceAll('@settings@', (server.settings ?? []).map((line) => `    ${line}`).join('\n'));
}

/**
 * The file that the variable names, or the first on the PATH; undefined when there is neither.
 * @throws Error when the variable names something that is not a program, with what was expected and what to do.
 */
function findBinary({ name, variable, program, expected }: ExternalBinary): string | undefined {
  const named = process.env[variable] ?? '';
  if (named === '') {
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    return folders.map((folder) => join(folder, program)).find((file) => whyNoProgram(file) === undefined);
  }
  const why = whyNoProgram(named);
  if (why === undefined) return resolve(named);
  throw new Error(
    `${variable} names ${named}, which ${why}. Expected: ${expected}; name such a file, or unset ${variable} to leave ${name} out`,
  );
}

/** Why a file can't be run, as the end of a sentence; undefined when it can. */
function whyNoProgram(file: string): string | undefined {
  if (!existsSync(file)) return 'is not there';
  if (!statSync(file).isFile()) return 'is not a file';
  try {
    accessSync(file, constants.X_OK);
    return undefined;
  } catch {
    return 'this user may not run';
  }
}
