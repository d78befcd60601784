import type { Logger } from '../core/log.js';
import { VERSION } from '../core/version.js';
import { within } from '../core/within.js';
import type { EventLog } from '../events/event-log.js';
import type { Admission } from '../live/admission.js';
import type { OpenTelemetry, OtlpOptions, OtlpSink } from './otlp-sink.js';
import type { Span } from './span.js';
import { StreamSpans } from './stream-spans.js';
import { TracedAdmission } from './traced-admission.js';

/** The group `traces` of the settings. */
interface TracesOptions {
  /** `''`: there are no traces. */
  readonly endpoint: string;
  /** `name=value`, separated by commas. */
  readonly headers: string;
  readonly serviceName: string;
  readonly samplePercent: number;
  readonly plays: boolean;
}

interface TracesDeps {
  readonly log: Logger;
  /** Of the node, or of the runner. */
  readonly instanceId: string;
  /** Most spans that wait; default: 4096. */
  readonly maxQueue?: number;
  /** Loads what sends spans, with the packages of OpenTelemetry. Tests have it fail. */
  readonly load?: () => Promise<OpenTelemetry>;
}

/** Most spans that wait to be sent. */
const MAX_QUEUE = 4096;
/** A collector has so long to answer, and spans wait for so long to be sent together, in ms. */
const [TIMEOUT_MS, DELAY_MS] = [5000, 2000];

/** What became of spans. */
export interface TraceCounts {
  readonly sent: number;
  readonly failed: number;
  readonly full: number;
}

/** Sends spans of streams and jobs to a collector. It hurts nobody when that is away: spans are dropped and counted. */
export class Traces {
  readonly #log: Logger;
  readonly #maxQueue: number;
  readonly #spans: StreamSpans;
  readonly #sink: OtlpSink;
  #stop: () => void = () => {};
  #waiting = 0;
  #sent = 0;
  #failed = 0;
  #full = 0;
  #isAway = false;

  private constructor(options: TracesOptions, deps: TracesDeps, sinkOf: (options: OtlpOptions) => OtlpSink) {
    this.#log = deps.log;
    this.#maxQueue = deps.maxQueue ?? MAX_QUEUE;
    this.#spans = new StreamSpans((span) => this.#add(span), options.plays);
    this.#sink = sinkOf({
      ...{ url: urlOf(options.endpoint), headers: headersOf(options.headers), ratio: options.samplePercent / 100 },
      ...{ maxQueue: this.#maxQueue, timeoutMs: TIMEOUT_MS, delayMs: DELAY_MS },
      resource: {
        ...{ 'service.name': options.serviceName, 'service.instance.id': deps.instanceId },
        'service.version': VERSION,
      },
      sent: (spans, error) => this.#told(spans, error),
    });
  }

  /**
   * Loads what traces need, when they are wanted.
   *
   * @returns undefined when they are not
   * @throws SluiceError ERR_TRACES_PACKAGES when the packages of OpenTelemetry are not installed
   */
  static async open(options: TracesOptions, deps: TracesDeps): Promise<Traces | undefined> {
    if (options.endpoint === '') return undefined;
    const { OtlpSink, openTelemetry } = await import('./otlp-sink.js');
    const packages = await openTelemetry(deps.load);
    return new Traces(options, deps, (sink) => new OtlpSink(packages, sink));
  }

  get counts(): TraceCounts {
    return { sent: this.#sent, failed: this.#failed, full: this.#full };
  }

  /** Makes spans of the events that come from now on. */
  follow(log: Pick<EventLog, 'subscribe'>): void {
    this.#stop = log.subscribe(({ type, event }) => {
      if (!type.startsWith('io.sluice.node.')) this.#spans.event(event);
    });
  }

  /** An admission whose decisions are a part of traces. @param wallMs milliseconds since the epoch */
  admission(asked: Admission, wallMs: () => number): Admission {
    return new TracedAdmission(asked, (decision) => this.#spans.decided(decision), wallMs);
  }

  /** Takes an event of a job. @param json as it is stored */
  job(json: Buffer): void {
    this.#spans.job(JSON.parse(json.toString('utf8')));
  }

  /**
   * Sends what waits, as far as the time allows.
   *
   * @param deadlineMs longest wait, in ms
   * @param told waited for first: until the last events are told
   */
  async close(deadlineMs: number, told?: Promise<void>): Promise<void> {
    await within(
      told?.catch(() => undefined),
      deadlineMs,
    );
    this.#stop();
    await within(this.#sink.close(), deadlineMs);
  }

  #add(span: Span): void {
    if (this.#waiting >= this.#maxQueue) this.#full++;
    else if (this.#sink.add(span)) this.#waiting++;
  }

  #told(spans: number, error: Error | undefined): void {
    this.#waiting -= spans;
    if (error === undefined) this.#sent += spans;
    else this.#failed += spans;
    const isAway = error !== undefined;
    if (isAway && !this.#isAway)
      this.#log.warn({ code: 'ERR_TRACES_COLLECTOR', cause: error.message.slice(0, 300) }, 'traces are not taken');
    if (!isAway && this.#isAway) this.#log.info({ dropped: this.#failed }, 'traces are taken again');
    this.#isAway = isAway;
  }
}

/** Where spans are posted: a URL without a path is that of a collector, which takes them at `/v1/traces`. */
function urlOf(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
}
