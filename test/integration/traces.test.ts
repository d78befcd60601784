import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { traceparentOf } from '../../src/events/envelope.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { tempDir } from '../support/temp.js';
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
  /** What it answers. */
  status = 200;
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
        response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves with the spans of a trace when they are as many as a test wants. */
  of(traceId: string, isEnough: (names: readonly string[]) => boolean): Promise<readonly OtlpSpan[]> {
    const spans = () => this.spans.filter((span) => span.traceId === traceId);
    const names = () => spans().map(({ name }) => name);
    return waitFor(() => isEnough(names()) && spans(), { timeoutMs: 30_000, what: () => `spans: ${names()}` });
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
/** Spans are sent as soon as they are over. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '20' };

async function startServer(
  settings: Record<string, string | number | boolean>,
  more: { readonly nats?: string } = {},
): Promise<TestServer> {
  const given = { ...AT_ONCE, NODE_OPTIONS: `--import ${asModule(PRELOAD)}` };
  Object.assign(process.env, given);
  try {
    return await spawnServer({ settings, ...more });
  } finally {
    for (const name of Object.keys(given)) delete process.env[name];
  }
}

/** A runner whose one template writes its variable TRACEPARENT into a file. */
async function startRunner(nats: string, endpoint: string) {
  const file = join(tempDir('template'), 'trace.json');
  const out = tempDir('out');
  const exec = ['/bin/sh', '-c', 'printf %s "$TRACEPARENT" > context'];
  const run = { exec };
  const template = { name: 'look', until: 'exit', run, out: { dir: `${out}/{name}` } };
  writeFileSync(file, JSON.stringify({ version: 1, templates: [template] }));
  const settings = { 'traces.endpoint': endpoint, 'jobs.leaseMs': 2000 };
  const runner = new RunnerProcess({ nats, file, settings, env: AT_ONCE });
  await runner.ready();
  return { runner, context: () => readFileSync(join(out, 'traced', '1', 'context'), 'utf8') };
}

describe('traces of a server and of a runner', () => {
  let [collector, nats, server] = [] as unknown as [Collector, NatsServer, TestServer];
  beforeAll(async () => {
    [collector, nats] = await Promise.all([Collector.start(), startNats()]);
    server = await startServer(
      {
        ...{ 'traces.endpoint': collector.url, 'traces.headers': 'x-team=red', 'traces.plays': true },
        'traces.serviceName': 'studio',
      },
      { nats: nats.url },
    );
  });
  afterAll(async () => {
    await server?.stop();
    collector?.stop();
    await nats?.stop();
  });

  it('show a stream from its connect to its end and its jobs, under the ids of its traceparent', async () => {
    const { runner, context } = await startRunner(nats.url, collector.url);
    onTestFinished(async () => void (await runner.child.stop('SIGTERM')));
    const steady = await SteadyStream.start(server.rtmpPort, `traced?key=${SECRET}`);
    const { streamId } = await server.ready('traced');
    const traceparent = traceparentOf(streamId)!;
    const [, traceId, rootId] = traceparent.split('-');
    await collector.of(traceId!, (names) => names.includes('job'));
    steady.stop();
    await server.ended('traced');
    const spans = await collector.of(traceId!, (names) => names.includes('stream') && names.includes('play'));
    expect(server.child.output).toContain('LOADED @opentelemetry/sdk-trace-base');
    const names = spans.map(({ name }) => name);
    const phases = ['connect', 'decide connect', 'decide publish', 'claim', 'wait for keyframe', 'play', 'stream'];
    expect(names).toEqual(expect.arrayContaining([...phases, 'job']));
    const root = spans.find(({ name }) => name === 'stream')!;
    expect([root.spanId, root.parentSpanId ?? '']).toEqual([rootId, '']);
    expect(textsOf(root)).toMatchObject({ 'sluice.stream.id': streamId, 'sluice.app': 'live' });
    expect(textsOf(root)).toMatchObject({ 'sluice.stream.name': 'traced' });
    const job = spans.find(({ name }) => name === 'job')!;
    expect(textsOf(job)).toMatchObject({ 'sluice.job.template': 'look', 'sluice.job.outcome': 'succeeded' });
    expect(context()).toBe(traceparent);
    for (const { name, parentSpanId, startTimeUnixNano, endTimeUnixNano } of spans) {
      if (name !== 'stream') expect([name, parentSpanId]).toEqual([name, rootId]);
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
      expect(BigInt(startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(root.startTimeUnixNano));
    }
    expect(new Set(collector.asked)).toEqual(new Set(['POST /v1/traces red', 'POST /v1/traces undefined']));
    expect(collector.resources).toContainEqual({ key: 'service.name', value: { stringValue: 'studio' } });
    expect(collector.texts.join('')).not.toContain(SECRET);
  });

  it('hurt nobody when the collector takes none: spans are counted, and one line says so', async () => {
    collector.status = 400;
    for (const name of ['one', 'two']) {
      const before = await server.metric('sluice_traces_spans_dropped_total', 'failed');
      const steady = await SteadyStream.start(server.rtmpPort, name);
      await server.ready(name);
      steady.stop();
      await server.ended(name);
      const dropped = async () => (await server.metric('sluice_traces_spans_dropped_total', 'failed')) > before;
      await waitFor(dropped, { timeoutMs: 20_000, what: 'spans that failed' });
    }
    expect(server.logLines('traces are not taken')).toHaveLength(1);
  });
});

describe('traces that are off', () => {
  it('cost nothing: no module of them is loaded', async () => {
    const server = await startServer({});
    onTestFinished(async () => void (await server.stop()));
    const steady = await SteadyStream.start(server.rtmpPort, 'plain');
    await server.ready('plain');
    const page = await (await fetch(server.http('/metrics'))).text();
    steady.stop();
    expect(server.child.output).not.toContain('LOADED');
    expect(page).not.toContain('sluice_traces');
  });
});

function textsOf({ attributes }: OtlpSpan): Record<string, string | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
