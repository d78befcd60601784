import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { traceparentOf } from '../../src/events/envelope.js';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { waitFor } from '../support/wait.js';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

/** Takes spans as a collector of OpenTelemetry does, by OTLP over HTTP in JSON. */
class Collector {
  readonly spans: OtlpSpan[] = [];
  readonly resources: Attribute[] = [];
  /** Path and one header of each request. */
  readonly asked: string[] = [];
  readonly texts: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        collector.#take(Buffer.concat(chunks).toString('utf8'));
        collector.asked.push(`${request.method} ${request.url} ${request.headers['x-team']}`);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(text: string): void {
    this.texts.push(text);
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resources.push(...resource.attributes);
      for (const { spans } of scopeSpans) this.spans.push(...spans);
    }
  }
}

/** Says on stderr which modules of traces are loaded. */
const WATCH = [
  'import { writeSync } from "node:fs";',
  'export async function resolve(name, context, next) {',
  '  if (/opentelemetry|otlp-sink/.test(name)) writeSync(2, "LOADED " + name + "\\n");',
  '  return next(name, context);',
  '}',
].join('\n');
const PRELOAD = `import { register } from "node:module"; register(${JSON.stringify(asModule(WATCH))});`;

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

const SECRET = 'sekretKey1234567';
let stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  stops = [];
});

async function startServer(settings: Record<string, string | number | boolean>): Promise<TestServer> {
  process.env['NODE_OPTIONS'] = `--import ${asModule(PRELOAD)}`;
  try {
    return await spawnServer({ settings });
  } finally {
    delete process.env['NODE_OPTIONS'];
  }
}

describe('traces of a server', () => {
  it('show a stream from its connect to its end, under the ids of its traceparent', async () => {
    const collector = await Collector.start();
    stops.push(() => collector.stop());
    const server = await startServer({
      ...{ 'traces.endpoint': collector.url, 'traces.headers': 'x-team=red', 'traces.plays': true },
      'traces.serviceName': 'studio',
    });
    const steady = await SteadyStream.start(server.rtmpPort, `traced?key=${SECRET}`);
    const { streamId } = await server.ready('traced');
    steady.stop();
    await server.ended('traced');
    await server.stop();
    expect(server.child.output).toContain('LOADED @opentelemetry/sdk-trace-base');
    const [, traceId, rootId] = traceparentOf(streamId)!.split('-');
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const names = spans.map(({ name }) => name);
    const phases = ['connect', 'decide connect', 'decide publish', 'claim', 'wait for keyframe', 'play', 'stream'];
    expect(names).toEqual(expect.arrayContaining(phases));
    const root = spans.find(({ name }) => name === 'stream')!;
    expect([root.spanId, root.parentSpanId ?? '']).toEqual([rootId, '']);
    const text = Object.fromEntries(root.attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(text).toMatchObject({ 'sluice.stream.id': streamId, 'sluice.app': 'live', 'sluice.stream.name': 'traced' });
    for (const { name, parentSpanId, startTimeUnixNano, endTimeUnixNano } of spans) {
      if (name !== 'stream') expect([name, parentSpanId]).toEqual([name, rootId]);
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
      expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root.startTimeUnixNano));
    }
    expect(new Set(collector.asked)).toEqual(new Set(['POST /v1/traces red']));
    expect(collector.resources).toContainEqual({ key: 'service.name', value: { stringValue: 'studio' } });
    expect(collector.texts.join('')).not.toContain(SECRET);
  });

  it('cost nothing while they are off: no module of them is loaded', async () => {
    const server = await startServer({});
    const steady = await SteadyStream.start(server.rtmpPort, 'plain');
    await server.ready('plain');
    const page = await (await fetch(server.http('/metrics'))).text();
    steady.stop();
    await server.stop();
    expect(server.child.output).not.toContain('LOADED');
    expect(page).not.toContain('sluice_traces');
  });

  it('hurt nobody when the collector is away: spans are counted, and one line says so', async () => {
    const server = await startServer({ 'traces.endpoint': `http://127.0.0.1:${await freePort()}` });
    stops.push(() => server.stop());
    for (const name of ['one', 'two']) {
      const steady = await SteadyStream.start(server.rtmpPort, name);
      await server.ready(name);
      steady.stop();
      await server.ended(name);
      const before = name === 'one' ? 0 : 5;
      const dropped = async () => (await server.metric('sluice_traces_spans_dropped_total', 'failed')) > before;
      await waitFor(dropped, { everyMs: 100, timeoutMs: 20_000, what: 'spans that failed' });
    }
    expect(server.logLines('traces are not taken')).toHaveLength(1);
    expect(await server.metric('sluice_traces_spans_total')).toBe(0);
  });
});
