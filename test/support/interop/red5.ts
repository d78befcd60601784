import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../child.js';
import { repository } from '../repository.js';
import { waitFor } from '../wait.js';

/** One line that the driver told: what happened (`event`) to which client, with more fields by kind. */
export interface Red5Report {
  readonly client: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** One audio or video message that a client got. */
export interface Red5Media {
  readonly timestamp: number;
  readonly bytes: number;
  /** Of the payload, in hex. */
  readonly sha256: string;
}

/** Where the jars are that `scripts/tools.mjs` gets. */
const jars = (): string => join(repository(), '.cache', 'red5-client-1.3.37');

/**
 * Key pairs that it may need by RTMPE: 1 connection of 600 was seen to end in a cipher that is not the server's. The
 * server chooses its own keys without zeros in front; a client that leaves such zeros out has only its next pair.
 */
const KEY_PAIRS = 3;

/**
 * A JVM with clients of Red5 in it, driven line by line. One serves a whole test file: the start of a JVM is what takes
 * longest. Values of AMF are JSON, with dates as `{ $date: ms }` and bytes as `{ $bytes: hex }`, both ways.
 */
export class Red5 {
  readonly child: Child;
  #made = 0;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(): Promise<Red5> {
    const sources = join(repository(), 'test/support/interop/red5');
    const classPath = readdirSync(jars()).map((name) => join(jars(), name));
    const child = new Child(
      [
        ...[
          'java',
          '-Xmx256m',
          '-XX:TieredStopAtLevel=1',
          `-Dlogback.configurationFile=${join(sources, 'logback.xml')}`,
        ],
        ...['-cp', classPath.join(':'), join(sources, 'Red5Driver.java')],
      ],
      { keepsInput: true },
    );
    await child.waitForOutput(/"event":"up"/, 60_000);
    return new Red5(child);
  }

  /**
   * Connects one more client.
   *
   * @param o.protocol `rtmp`, `rtmpt`, `rtmpe`, `rtmps` or `rtmpts`
   * @param o.objectEncoding 0 (AMF0) or 3 (AMF3)
   */
  async open(port: number, o: { protocol?: string; app?: string; objectEncoding?: 0 | 3 } = {}): Promise<Red5Client> {
    const protocol = o.protocol ?? 'rtmp';
    for (let left = protocol === 'rtmpe' ? KEY_PAIRS : 1; ; left--) {
      this.#made += 1;
      const client = new Red5Client(this.child, `client${this.#made}`);
      client.command('open', protocol, port, o.app ?? 'live', o.objectEncoding ?? 0);
      const { value } = await client.told('connected');
      if ((value as { code?: string } | null)?.code === 'NetConnection.Connect.Success') return client;
      if (left === 1) throw new Error(`connect was answered with ${JSON.stringify(value)}`);
    }
  }

  /** Ends the JVM with all its clients. */
  async stop(): Promise<void> {
    await this.child.stop('SIGKILL');
  }
}

/** One connected client. */
export class Red5Client {
  readonly name: string;
  readonly #child: Child;

  constructor(child: Child, name: string) {
    this.#child = child;
    this.name = name;
  }

  /** Hands a command to the driver: see `Red5Driver.java` for the verbs. */
  command(verb: string, ...args: readonly unknown[]): void {
    this.#child.write(`${JSON.stringify([this.name, verb, ...args])}\n`);
  }

  /** Everything told of this client so far, in order. */
  reports(event?: string): Red5Report[] {
    const lines = this.#child.stdout.split('\n').slice(0, -1);
    const all = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Red5Report);
    return all.filter((report) => report.client === this.name && (event === undefined || report.event === event));
  }

  /** Waits until an event of that kind was told that fits, and returns the first one. */
  async told(event: string, fits: (report: Red5Report) => boolean = () => true): Promise<Red5Report> {
    return waitFor(
      () => {
        if (this.#child.exit !== undefined) throw new Error(`the JVM ended\n${this.#child.output.slice(-4000)}`);
        return this.reports(event).find(fits);
      },
      { timeoutMs: 20_000, everyMs: 25, what: () => `${event} for ${this.name}\n${this.#child.output.slice(-4000)}` },
    );
  }

  /** Publishes an FLV file in real time: returns once the server has said that it may. */
  async publish(stream: string, file: string): Promise<void> {
    this.command('publish', stream, file);
    await this.told('status', ({ value }) => JSON.stringify(value).includes('NetStream.Publish.Start'));
  }

  /** Calls a method at the server and returns what it answers. */
  async call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const before = this.reports('result').length;
    this.command('call', method, args);
    await waitFor(() => this.reports('result').length > before, {
      timeoutMs: 10_000,
      what: () => `an answer to ${method}\n${this.#child.output.slice(-4000)}`,
    });
    return this.reports('result')[before]?.['value'];
  }

  /** The media that came in so far, in order. */
  media(kind: 'audio' | 'video'): Red5Media[] {
    return this.reports(kind).map(({ timestamp, bytes, sha256 }) => ({
      timestamp: Number(timestamp),
      bytes: Number(bytes),
      sha256: String(sha256),
    }));
  }
}
