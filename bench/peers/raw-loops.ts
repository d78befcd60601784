import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort, runs } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

const COMPILERS = ['cc', 'gcc', 'clang'];

/** 720p at 2.68 Mbit/s, what the publisher of the fan-out bench sends. */
export const DEFAULT_BYTES_PER_SECOND = 335_000;
/** Sluice's default merge window for a large audience. */
export const DEFAULT_WINDOW_MS = 100;

/**
 * A bare C loop that writes the bytes of one window to each player: what the kernel alone costs. Compiled on the spot.
 */
export const rawC: Peer = {
  name: 'raw-c',
  feedsItself: true,
  async start(options: PeerStart): Promise<RunningPeer> {
    const compiler = COMPILERS.find((name) => runs(name, ['--version']));
    if (compiler === undefined) throw new Error('no C compiler is here (cc, gcc or clang)');
    const binary = join(options.directory, 'raw-c');
    execFileSync(compiler, ['-O2', '-o', binary, sourcePath('bench/peers/raw-c.c')]);
    const port = await freePort();
    const child = new BenchProcess({ command: binary, args: rawArguments(port, options), core: options.core });
    return runningPeer(port, child);
  },
};

/** The same loop in Node: one `socket.write` of one shared Buffer per player and window. */
export const rawNode: Peer = {
  name: 'raw-node',
  feedsItself: true,
  async start(options: PeerStart): Promise<RunningPeer> {
    const port = await freePort();
    const child = new BenchProcess({
      command: process.execPath,
      args: [sourcePath('dist/bench/peers/raw-node-main.js'), ...rawArguments(port, options)],
      core: options.core,
    });
    return runningPeer(port, child);
  },
};

/** Arguments of a bare loop: its port, the rate of the stream, and the time between two writes to a player. */
export function rawArguments(port: number, options: PeerStart): string[] {
  return [
    String(port),
    String(options.bytesPerSecond ?? DEFAULT_BYTES_PER_SECOND),
    String(options.windowMs ?? DEFAULT_WINDOW_MS),
  ];
}
