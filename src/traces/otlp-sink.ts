import type { Tracer } from '@opentelemetry/api';
import type { BasicTracerProvider, IdGenerator, ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { SluiceError } from '../core/errors.js';
import type { Span } from './span.js';

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** What the sink is made with. */
export interface OtlpOptions {
  /** URL that spans are posted to. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Share of traces that are sent, from 0 to 1: the same ones in every process with the same share. */
  readonly ratio: number;
  readonly resource: Readonly<Record<string, string>>;
  /** Spans that may wait. */
  readonly maxQueue: number;
  /** Longest wait for an answer of the collector, in ms. */
  readonly timeoutMs: number;
  /** Longest time that a span waits for others to be sent with, in ms, unless OTEL_BSP_SCHEDULE_DELAY says another. */
  readonly delayMs: number;
  /** After each batch. @param error undefined when the collector has taken it */
  readonly sent: (spans: number, error: Error | undefined) => void;
}

/** The packages of OpenTelemetry. */
export interface OpenTelemetry {
  readonly api: typeof import('@opentelemetry/api');
  readonly sdk: typeof import('@opentelemetry/sdk-trace-base');
  readonly exporter: typeof import('@opentelemetry/exporter-trace-otlp-http');
  readonly resources: typeof import('@opentelemetry/resources');
}

/**
 * Loads the packages of OpenTelemetry, which are not installed with Sluice.
 *
 * @param load instead of the packages that are installed
 * @throws SluiceError ERR_TRACES_PACKAGES when one of them is not there
 */
export async function openTelemetry(load?: () => Promise<OpenTelemetry>): Promise<OpenTelemetry> {
  try {
    if (load !== undefined) return await load();
    // Not at the top of the file: a bundler passes over a package that is not there only within `try`.
    return {
      ...{ api: await import('@opentelemetry/api'), sdk: await import('@opentelemetry/sdk-trace-base') },
      exporter: await import('@opentelemetry/exporter-trace-otlp-http'),
      resources: await import('@opentelemetry/resources'),
    };
  } catch (error) {
    const missing = /Cannot find package '([^']+)'/.exec((error as Error).message)?.[1];
    if (missing === undefined) throw error;
    throw new SluiceError('ERR_TRACES_PACKAGES', missing, { cause: error });
  }
}

/** Gives a span the id that others know it by, where there is one, and a random one otherwise. */
class KnownIds implements IdGenerator {
  readonly #random: IdGenerator;
  traceId: string | undefined;
  spanId: string | undefined;

  constructor(random: IdGenerator) {
    this.#random = random;
  }

  generateTraceId(): string {
    return this.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.spanId ?? this.#random.generateSpanId();
  }
}

/** Sends spans to a collector of OpenTelemetry by OTLP over HTTP, in JSON, many at a time. */
export class OtlpSink {
  readonly #api: OpenTelemetry['api'];
  readonly #ids: KnownIds;
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;

  constructor({ api, sdk, exporter: otlp, resources }: OpenTelemetry, options: OtlpOptions) {
    const { url, headers, ratio, resource, maxQueue, timeoutMs, delayMs, sent } = options;
    this.#api = api;
    this.#ids = new KnownIds(new sdk.RandomIdGenerator());
    const exporter = new otlp.OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
    const told: SpanExporter = {
      export: (spans: ReadableSpan[], done: (result: Result) => void) =>
        exporter.export(spans, (result) => {
          sent(spans.length, result.code === 0 ? undefined : (result.error ?? new Error('it was refused')));
          done(result);
        }),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    };
    const processor = new sdk.BatchSpanProcessor(told, {
      ...{ maxQueueSize: maxQueue, maxExportBatchSize: Math.min(512, maxQueue) },
      ...(process.env['OTEL_BSP_SCHEDULE_DELAY'] ? {} : { scheduledDelayMillis: delayMs }),
      exportTimeoutMillis: timeoutMs * 2,
    });
    this.#provider = new sdk.BasicTracerProvider({
      ...{ idGenerator: this.#ids, spanProcessors: [processor] },
      resource: resources.resourceFromAttributes({ ...resource }),
      // It looks at the id of the trace alone, so the parts of a trace that other processes send share its fate.
      sampler: new sdk.TraceIdRatioBasedSampler(ratio),
    });
    this.#tracer = this.#provider.getTracer('sluice');
  }

  /** Has a span sent. @returns false for one of a trace that is left out */
  add({ traceId, spanId, parentId, name, startMs, endMs, attributes, error }: Span): boolean {
    const { ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace } = this.#api;
    const parent =
      parentId === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED });
    this.#ids.traceId = traceId;
    this.#ids.spanId = spanId;
    const span = this.#tracer.startSpan(name, { startTime: startMs, attributes: { ...attributes } }, parent);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    const isSent = span.isRecording();
    span.end(Math.max(startMs, endMs));
    return isSent;
  }

  /** Sends what waits and ends. It never rejects. */
  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => undefined);
  }
}
