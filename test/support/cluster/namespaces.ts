import { rootPrefix } from '../as-root.js';
import { run } from '../child.js';

/** Of a network for measurements, which nobody routes (RFC 2544); one of its own for each process that tests. */
const NETWORK = `198.18.${100 + (process.pid % 128)}`;
const HERE = `${NETWORK}.1`;

/** Whom a machine no longer reaches, and who no longer reaches it. */
export type CutFrom = 'nats' | 'peers' | 'everything';

/**
 * Machines of their own, as far as the network goes: a network namespace for each and one for the switch between them
 * and this machine. Needs root, or sudo without a password.
 */
export class Namespaces {
  /** The address of this machine on that network. */
  readonly here = HERE;
  readonly #prefix = `slc${process.pid}`;
  readonly #count: number;

  private constructor(count: number) {
    this.#count = count;
  }

  /** @throws Error with what the system says when it does not permit this */
  static async start(count: number): Promise<Namespaces> {
    const all = new Namespaces(count);
    try {
      await all.#make();
    } catch (error) {
      await all.close();
      throw error;
    }
    return all;
  }

  /** The address of a machine, counted from 0. */
  addressOf(index: number): string {
    return `${NETWORK}.${11 + index}`;
  }

  /** What stands before a command that is to run there, as the user of this process. */
  by(index: number): readonly string[] {
    const prefix = rootPrefix();
    const asUser = prefix.length === 0 ? [] : ['setpriv', `--reuid=${process.getuid!()}`, '--keep-groups'];
    return [...prefix, 'ip', 'netns', 'exec', this.#nameOf(index), ...asUser];
  }

  /**
   * Drops every packet between a machine and others, in both directions and without a word to either.
   *
   * @param natsPorts where NATS listens on this machine
   */
  async cut(index: number, from: CutFrom, natsPorts: readonly number[]): Promise<void> {
    const drop = async (chain: string, ...match: string[]): Promise<void> => {
      await this.#in(index, 'iptables', '-w', '-A', chain, ...match, '-j', 'DROP');
    };
    if (from === 'everything') {
      await drop('INPUT', '-i', 'cable');
      await drop('OUTPUT', '-o', 'cable');
    } else if (from === 'nats') {
      const ports = natsPorts.join(',');
      await drop('INPUT', '-p', 'tcp', '-s', HERE, '-m', 'multiport', '--sports', ports);
      await drop('OUTPUT', '-p', 'tcp', '-d', HERE, '-m', 'multiport', '--dports', ports);
    } else {
      for (let other = 0; other < this.#count; other++) {
        if (other === index) continue;
        await drop('INPUT', '-s', this.addressOf(other));
        await drop('OUTPUT', '-d', this.addressOf(other));
      }
    }
  }

  /** Takes back every {@link cut} of a machine. */
  async heal(index: number): Promise<void> {
    await this.#in(index, 'iptables', '-w', '-F');
  }

  /** Takes them away. Harmless when they were never there. */
  async close(): Promise<void> {
    for (let index = -1; index < this.#count; index++)
      await asRoot('ip', 'netns', 'delete', this.#nameOf(index)).catch(() => {});
    await asRoot('ip', 'link', 'delete', `${this.#prefix}r`).catch(() => {});
  }

  /** @param index -1: the switch */
  #nameOf(index: number): string {
    return `${this.#prefix}${index < 0 ? 's' : `n${index}`}`;
  }

  async #make(): Promise<void> {
    const sw = this.#nameOf(-1);
    await asRoot('ip', 'netns', 'add', sw);
    // In a namespace of its own the bridge is not in the way of this machine's firewall.
    await this.#in(-1, 'ip', 'link', 'add', 'bridge', 'type', 'bridge');
    await this.#in(-1, 'ip', 'link', 'set', 'bridge', 'up');
    const near = `${this.#prefix}r`;
    await asRoot('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', 'root', 'netns', sw);
    await this.#plug('root');
    await asRoot('ip', 'address', 'add', `${HERE}/24`, 'dev', near);
    await asRoot('ip', 'link', 'set', near, 'up');
    for (let index = 0; index < this.#count; index++) {
      const name = this.#nameOf(index);
      await asRoot('ip', 'netns', 'add', name);
      const port = `port${index}`;
      await this.#in(index, 'ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', port, 'netns', sw);
      await this.#plug(port);
      await this.#in(index, 'ip', 'address', 'add', `${this.addressOf(index)}/24`, 'dev', 'cable');
      await this.#in(index, 'ip', 'link', 'set', 'cable', 'up');
      await this.#in(index, 'ip', 'link', 'set', 'lo', 'up');
    }
  }

  async #plug(port: string): Promise<void> {
    await this.#in(-1, 'ip', 'link', 'set', port, 'master', 'bridge');
    await this.#in(-1, 'ip', 'link', 'set', port, 'up');
  }

  #in(index: number, ...command: readonly string[]): ReturnType<typeof run> {
    return asRoot('ip', 'netns', 'exec', this.#nameOf(index), ...command);
  }
}

function asRoot(...command: readonly string[]): ReturnType<typeof run> {
  return run([...rootPrefix(), ...command]);
}
