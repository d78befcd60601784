import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { newId } from '../../../src/core/ids.js';
import type { Logger } from '../../../src/core/log.js';
import { traceparentOf } from '../../../src/events/envelope.js';
import type { LogEntry } from '../../../src/events/event-log.js';
import { Traces } from '../../../src/traces/traces.js';

const warned: unknown[] = [];
const log = { warn: (fields: unknown) => warned.push(fields), info: () => undefined } as unknown as Logger;
/** A collector that refuses everything, for good. */
const collector = createServer((request, response) => {
  request.resume();
  response.writeHead(400).end();
});
const OPTIONS = { endpoint: '', headers: '', serviceName: 'x', samplePercent: 100, plays: false };
beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  OPTIONS.endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterAll(() => {
  collector.close();
  collector.closeAllConnections();
});

async function tracesWith(given: Partial<typeof OPTIONS>) {
  const traces = await Traces.open({ ...OPTIONS, ...given }, { log, instanceId: 'n1', maxQueue: 3 });
  let listener: (entry: LogEntry) => void = () => undefined;
  traces?.follow({
    subscribe: (given) => {
      listener = given;
      return () => undefined;
    },
  });
  const end = () => {
    const streamid = newId();
    const type = 'io.sluice.stream.ended';
    const data = { streamId: streamid, reason: 'idle', startedAt: new Date(0).toISOString() };
    const event = { type, streamid, time: new Date(9).toISOString(), traceparent: traceparentOf(streamid), data };
    listener({ type, event } as unknown as LogEntry);
  };
  return { traces, end };
}

describe('traces', () => {
  it('are none without an endpoint', async () => {
    expect((await tracesWith({ endpoint: '' })).traces).toBeUndefined();
  });

  it('hold a bounded number of spans, count those that there was no room for, and those that nobody took', async () => {
    const { traces, end } = await tracesWith({});
    for (let i = 0; i < 5; i++) end();
    expect(traces!.counts).toEqual({ sent: 0, failed: 0, full: 2 });
    await traces!.close(10_000);
    expect(traces!.counts).toEqual({ sent: 0, failed: 3, full: 2 });
    expect(warned).toEqual([expect.objectContaining({ code: 'ERR_TRACES_COLLECTOR' })]);
  });

  it('end the start with the name of the package that is missing, and with any other fault as it is', async () => {
    const open = (fault: Error) => Traces.open(OPTIONS, { log, instanceId: 'n1', load: () => Promise.reject(fault) });
    const missing = new Error("Cannot find package '@opentelemetry/resources' imported from /x/otlp-sink.js");
    const refusal = await open(missing).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SluiceError);
    expect(refusal).toMatchObject({ code: 'ERR_TRACES_PACKAGES', cause: missing });
    expect((refusal as Error).message).toContain('@opentelemetry/resources');
    const other = new SyntaxError('Unexpected end of input');
    await expect(open(other)).rejects.toBe(other);
  });

  it('of which none is sampled take no room', async () => {
    const { traces, end } = await tracesWith({ samplePercent: 0 });
    for (let i = 0; i < 5; i++) end();
    await traces!.close(10_000);
    expect(traces!.counts).toEqual({ sent: 0, failed: 0, full: 0 });
  });
});
