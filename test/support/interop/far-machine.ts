import { rootPrefix } from '../as-root.js';
import { run } from '../child.js';

/** Of a network for measurements, which nobody routes (RFC 2544). */
const OURS = '198.18.77.1';
const FAR = '198.18.77.2';

/**
 * A machine of its own at the end of a cable, as far as the network goes: a network namespace with one virtual Ethernet
 * link. What is dropped there vanishes without a word to either side. Needs root, or sudo without a password.
 */
export class FarMachine {
  /** The address of this machine on the cable. */
  readonly host = OURS;
  readonly #name = `sluice-${process.pid}`;
  /** The end of the cable here. */
  readonly #near = `slc${process.pid}`;

  private constructor() {}

  /** @throws Error with what the system says when it does not permit this */
  static async start(): Promise<FarMachine> {
    const far = new FarMachine();
    const near = far.#near;
    try {
      await asRoot('ip', 'netns', 'add', far.#name);
      await asRoot('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'cable', 'netns', far.#name);
      await asRoot('ip', 'address', 'add', `${OURS}/30`, 'dev', near);
      await asRoot('ip', 'link', 'set', near, 'up');
      await far.#run('ip', 'address', 'add', `${FAR}/30`, 'dev', 'cable');
      await far.#run('ip', 'link', 'set', 'cable', 'up');
    } catch (error) {
      await far.close();
      throw error;
    }
    return far;
  }

  /** What stands before a command that is to run there. */
  get by(): readonly string[] {
    return [...rootPrefix(), 'ip', 'netns', 'exec', this.#name];
  }

  /** Drops every packet of the connections from one of its TCP ports, in both directions. */
  async drop(port: number): Promise<void> {
    await this.#run('iptables', '-w', '-A', 'OUTPUT', '-p', 'tcp', '--sport', String(port), '-j', 'DROP');
    await this.#run('iptables', '-w', '-A', 'INPUT', '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
  }

  /** Kills the programs there whose command line contains a text, as power loss would. */
  async kill(text: string): Promise<void> {
    for (const pid of await this.#pids()) {
      const commandLine = (await asRoot('cat', `/proc/${pid}/cmdline`).catch(() => undefined))?.stdout;
      if (commandLine?.includes(text) === true) await asRoot('kill', '-9', pid);
    }
  }

  /** Kills what runs there and takes it away. Harmless when it was never there. */
  async close(): Promise<void> {
    const pids = await this.#pids().catch(() => []);
    if (pids.length > 0) await asRoot('kill', '-9', ...pids).catch(() => {});
    await asRoot('ip', 'netns', 'delete', this.#name).catch(() => {});
    // It goes with its other end, unless that end was never made.
    await asRoot('ip', 'link', 'delete', this.#near).catch(() => {});
  }

  async #pids(): Promise<string[]> {
    const { stdout } = await asRoot('ip', 'netns', 'pids', this.#name);
    return stdout.split('\n').filter((line) => line !== '');
  }

  #run(...command: readonly string[]): ReturnType<typeof run> {
    return asRoot('ip', 'netns', 'exec', this.#name, ...command);
  }
}

function asRoot(...command: readonly string[]): ReturnType<typeof run> {
  return run([...rootPrefix(), ...command]);
}
