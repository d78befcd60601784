import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
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

/** Gives a span the id that others know it by, where there is one, and a random one otherwise. */
class KnownIds extends RandomIdGenerator {
  traceId: string | undefined;
  spanId: string | undefined;

  constructor() {
    super();
    const { generateTraceId, generateSpanId } = this;
    this.generateTraceId = () => this.traceId ?? generateTraceId();
    this.generateSpanId = () => this.spanId ?? generateSpanId();
  }
}

/** Sends spans to a collector of OpenTelemetry by OTLP over HTTP, in JSON, many at a time. */
export class OtlpSink {
  readonly #ids = new KnownIds();
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;

  constructor(options: OtlpOptions) {
    const { url, headers, ratio, resource, maxQueue, timeoutMs, delayMs, sent } = options;
    const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: timeoutMs });
    const told: SpanExporter = {
      export: (spans: ReadableSpan[], done: (result: Result) => void) =>
        exporter.export(spans, (result) => {
          sent(spans.length, result.code === 0 ? undefined : (result.error ?? new Error('it was refused')));
          done(result);
        }),
      forceFlush: () => exporter.forceFlush(),
      shutdown: () => exporter.shutdown(),
    };
    const processor = new BatchSpanProcessor(told, {
      ...{ maxQueueSize: maxQueue, maxExportBatchSize: Math.min(512, maxQueue) },
      ...(process.env['OTEL_BSP_SCHEDULE_DELAY'] ? {} : { scheduledDelayMillis: delayMs }),
      exportTimeoutMillis: timeoutMs * 2,
    });
    this.#provider = new BasicTracerProvider({
      ...{ idGenerator: this.#ids, spanProcessors: [processor] },
      resource: resourceFromAttributes({ ...resource }),
      // It looks at the id of the trace alone, so the parts of a trace that other processes send share its fate.
      sampler: new TraceIdRatioBasedSampler(ratio),
    });
    this.#tracer = this.#provider.getTracer('sluice');
  }

  /** Has a span sent. @returns false for one of a trace that is left out */
  add({ traceId, spanId, parentId, name, startMs, endMs, attributes, error }: Span): boolean {
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
