import { type BenchProcess, listening } from '../lib/process.js';

/** How a peer is started for one run. */
export interface PeerStart {
  /** Core to bind the server to. */
  readonly core?: number;
  /** @see StartOptions.priority (Sluice only). */
  readonly priority?: boolean;
  /** Where it may write: an empty directory of its own. */
  readonly directory: string;
  /** Configuration through the environment (Sluice only). */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes per second of the stream that a self-feeding peer makes up (the bare loops). */
  readonly bytesPerSecond?: number;
  /** Milliseconds between two writes to one player (the bare loops). */
  readonly windowMs?: number;
}

/** A server that runs. */
export interface RunningPeer {
  /** `rtmp://host:port/app`; streams are `${url}/name`. */
  readonly url: string;
  /** Port of its HTTP server, where it has one. */
  readonly httpPort?: number;
  /** The process that does the work; undefined when it is not ours to measure. */
  readonly pid: number | undefined;
  /** From starting the process to its port accepting, ms; 0 for a server that already ran. */
  readonly startedMs: number;
  /** What it printed. */
  output(): string;
  stop(): Promise<void>;
}

/** A server that a bench compares. */
export interface Peer {
  readonly name: string;
  /** Makes its own stream; no publisher is connected. */
  readonly feedsItself: boolean;
  /**
   * Why this peer takes no part here, for one whose program the user brings; undefined when it does.
   * @throws Error with a sentence when the user named a program that cannot be run.
   */
  leftOut?(): string | undefined;
  /** @throws Error with a sentence when it cannot be started here. */
  start(options: PeerStart): Promise<RunningPeer>;
}

/**
 * The peer that `child` is, once it accepts connections on `port` of loopback.
 * @throws Error with the process's output when it does not get that far.
 */
export async function runningPeer(port: number, child: BenchProcess): Promise<RunningPeer> {
  const startedMs = await listening(port, child);
  return {
    url: `rtmp://127.0.0.1:${port}/live`,
    pid: child.pid,
    startedMs,
    output: () => child.output,
    stop: () => child.stop(),
  };
}
