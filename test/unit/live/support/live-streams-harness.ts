import { createLogger } from '../../../../src/core/log.js';
import { readableLine } from '../../../../src/core/log-line.js';
import { MemoryAccount } from '../../../../src/core/memory-account.js';
import { NameRule } from '../../../../src/core/names.js';
import type { Lifecycle } from '../../../../src/events/lifecycle.js';
import { Hub } from '../../../../src/hub/hub.js';
import type { ConnectionFacts, DataFromPublisher, RunningPublish } from '../../../../src/live/access.js';
import { LiveStreams, type LiveStreamsOptions } from '../../../../src/live/live-streams.js';
import type { EndReason } from '../../../../src/model/reasons.js';
import { LIMITS } from '../../../support/hub/publication-harness.js';
import { RecordingSink } from '../../../support/hub/sinks.js';

/** One call of the lifecycle: its name, then its arguments. */
export type Told = readonly [name: string, ...args: unknown[]];

/** A registry with a real hub, a clock in the test's hand, and a lifecycle that writes down what it is told. */
export class Office {
  nowMs = 50_000;
  readonly told: Told[] = [];
  readonly hub: Hub;
  readonly registry: LiveStreams;
  /** What `streamStarted` waits for. */
  journal: () => Promise<void> = () => Promise.resolve();
  closedFor: string | undefined;
  /** What a publisher's connection finds when it is read at once. */
  readNow: (connectionId: string) => Promise<void> = () => Promise.resolve();
  /** The call of the lifecycle that fails. */
  fault: string | undefined;
  /** Lines logged as warnings and errors. */
  readonly warnings: string[] = [];
  /** Every line at level info and up, as a terminal shows it, without time and level. */
  readonly lines: string[] = [];
  #connections = 0;

  constructor(options: Partial<LiveStreamsOptions> & { lingerMs?: number; memoryBytes?: number } = {}) {
    const nowMs = (): number => this.nowMs;
    this.hub = new Hub({ ...LIMITS, lingerMs: options.lingerMs ?? 5000, maxDelayMs: 0, playersAtMaxDelay: 1 }, nowMs);
    const memory = new MemoryAccount(options.memoryBytes);
    this.hub.joinAccount(memory);
    const lifecycle = new Proxy(
      {},
      {
        get:
          (_target, name: string) =>
          (...args: unknown[]): Promise<void> => {
            this.told.push([name, ...args]);
            if (name === this.fault) throw new Error('a defect');
            return name === 'streamStarted' ? this.journal() : Promise.resolve();
          },
      },
    ) as Lifecycle;
    this.registry = new LiveStreams(
      {
        maxLagBytes: 2 ** 20,
        waitForPublisher: true,
        stallAfterMs: 3000,
        resumeWindowMs: 0,
        faultLinesPerSecond: 20,
        eventsPerSecondPerIp: 20,
        publishesPerSecondPerIp: 5,
        playsPerSecondPerIp: 20,
        limitLoopback: false,
        ...options,
      },
      {
        hub: this.hub,
        memory,
        lifecycle,
        names: new NameRule({ allow: '[A-Za-z0-9_.~=+@/-]+', maxBytes: 64, allowEmpty: false }),
        clock: { monotonicMs: nowMs, wallMs: () => 1_700_000_000_000 + this.nowMs },
        log: createLogger({ format: 'json', sink: { write: (line) => this.#logged(line) } }),
        salt: Buffer.alloc(32, 7),
        urls: ({ app, name }) => ({ rtmp: `rtmp://192.0.2.1:1935/${app}/${name}` }),
        closedFor: () => this.closedFor,
      },
    );
  }

  /** Why publishers' connections were closed by the registry. */
  readonly closed: string[] = [];

  facts(address = '192.0.2.1'): ConnectionFacts {
    return {
      connectionId: `c${++this.#connections}`,
      peer: { address, port: 1000 },
      transport: 'rtmp',
      info: undefined,
    };
  }

  publish(name = 'cam', query = '', facts = this.facts(), endedBy = (): EndReason | undefined => undefined) {
    const close = (reason: string): void => void this.closed.push(reason);
    const readNow = (): Promise<void> => this.readNow(facts.connectionId);
    return this.registry.publish(facts, { app: 'live', name, query }, { endedBy, close, readNow });
  }

  /** A publish that must be accepted. */
  async run(name = 'cam', query = '', facts = this.facts()): Promise<RunningPublish> {
    const answer = await this.publish(name, query, facts);
    if (!answer.accept) throw new Error(`refused: ${answer.code}`);
    return answer.run;
  }

  play(name = 'cam', facts = this.facts()) {
    const sink = new RecordingSink();
    const answer = this.registry.play(facts, { app: 'live', name, query: '' }, 1, sink);
    if (answer instanceof Promise) throw new Error('the play has to wait');
    if (answer.accept) sink.player = answer.run.player;
    return { sink, answer };
  }

  #logged(line: string): void {
    const entry = JSON.parse(line) as Record<string, unknown>;
    this.lines.push(readableLine(entry, false));
    if (entry['level'] !== 'info') this.warnings.push(line);
  }

  /** Lets everything that does not wait for time come to its end. */
  settle(): Promise<void> {
    return new Promise((done) => setImmediate(done));
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.hub.tick(this.nowMs);
    this.registry.tick(this.nowMs);
  }

  /** Names of what was told, in order. */
  get names(): string[] {
    return this.told.map(([name]) => name);
  }

  /** The last argument of the newest call of `name`. */
  last(name: string): unknown {
    return this.told
      .filter(([told]) => told === name)
      .at(-1)
      ?.at(-1);
  }

  count(name: string): number {
    return this.names.filter((told) => told === name).length;
  }
}

/** An AMF0 data message of a publisher. */
export function data(
  name: string,
  payload: Buffer,
  timestamp: number,
  values: DataFromPublisher['values'],
): DataFromPublisher {
  return { name, type: 18, payload, timestamp, values };
}
