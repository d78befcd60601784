import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Metric } from '../../../src/http/deps.js';
import type { EventFeed } from '../../../src/http/event-feed.js';
import { NOW_MS, start } from '../../support/http/http-harness.js';

/** Status of a GET with a Host header of its own, which fetch does not allow. */
function statusFor(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/healthz', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject).end();
  });
}

/** Reads a response body until its text holds `wanted`, then lets go of it. */
async function readUntil(response: Response, wanted: string): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes(wanted)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

describe('health', () => {
  it('answers /healthz as long as the process runs', async () => {
    const { get } = await start({ deps: { health: () => ({ ready: false, reasons: ['draining'], degraded: [] }) } });
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('answers /readyz with 200 and what is degraded when ready, with 503 and every reason when not', async () => {
    const health = { ready: true, reasons: [], degraded: [] as string[] };
    const { get } = await start({ deps: { health: () => health } });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready', degraded: [] });
    Object.assign(health, { degraded: ['NATS is away'] });
    const degraded = await get('/readyz');
    expect(degraded.status).toBe(200);
    expect(await degraded.json()).toEqual({ status: 'ready', degraded: ['NATS is away'] });
    const reasons = ['the node drains', 'the disk is full'];
    Object.assign(health, { ready: false, reasons });
    const response = await get('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not_ready', reasons, degraded: ['NATS is away'] });
  });
});

describe('paths', () => {
  it('answers a path that does not decode like any other error, with the same headers', async () => {
    const { get } = await start();
    const response = await get('/v1/streams/%ff');
    expect(response.status).toBe(400);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ code: 'ERR_HTTP_BAD_REQUEST', hint: expect.any(String) });
  });

  it('are listed at /', async () => {
    const { get } = await start();
    expect(await (await get('/')).json()).toMatchObject({ paths: { '/v1/events': expect.any(String) } });
  });
});

describe('errors', () => {
  it('answers an unknown path with code, message and hint, without its query', async () => {
    const { get } = await start();
    const response = await get('/nope?token=canary');
    expect(response.status).toBe(404);
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({
      code: 'ERR_HTTP_NOT_FOUND',
      message: expect.stringContaining('GET /nope'),
    });
    expect(body).not.toContain('canary');
  });

  it('hides what went wrong inside behind ERR_INTERNAL', async () => {
    const { get } = await start({
      deps: {
        routes: [
          { method: 'GET', path: '/v1/streams', scope: 'read', handle: () => Promise.reject(new Error('canary')) },
        ],
      },
    });
    const response = await get('/v1/streams');
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ code: 'ERR_INTERNAL' });
    expect(body).not.toContain('canary');
  });

  it('refuses a body that is no JSON with 400 or 404, never with 500', async () => {
    const { get } = await start();
    const response = await get('/v1/streams', {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({ code: expect.stringMatching(/^ERR_HTTP_/) });
  });

  it('says which address cannot be had when the port is taken', async () => {
    const { server } = await start();
    const listen = `127.0.0.1:${server.address.port}`;
    await expect(start({ options: { listen } })).rejects.toMatchObject({
      code: 'ERR_LISTEN',
      message: expect.stringContaining(listen),
    });
  });
});

describe('Host header', () => {
  it.each(['127.0.0.1', '127.0.0.1:8080', 'localhost:1', 'LOCALHOST', '[::1]:8080', 'media.example.com:8080'])(
    'answers %s',
    async (host) => {
      const { server } = await start({ options: { allowedHosts: 'media.example.com' } });
      expect(await statusFor(server.address.port, host)).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '[evil]:80', 'evil.example:80'])(
    'refuses %j with 421',
    async (host) => {
      const { server } = await start({ options: { allowedHosts: 'media.example.com' } });
      expect(await statusFor(server.address.port, host)).toBe(421);
    },
  );

  it.each(['cross-site', 'same-site'])(
    'refuses with 403 what a browser sends for a page of another origin (%s)',
    async (site) => {
      const { get, feed } = await start();
      const response = await get('/v1/events?since=all', { headers: { 'sec-fetch-site': site } });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'ERR_HTTP_CROSS_ORIGIN' });
      expect(feed.handed).toBe(0);
    },
  );

  it.each(['same-origin', 'none'])(
    'answers what a browser sends for its user or a page of this server (%s)',
    async (site) => {
      const { get } = await start();
      expect((await get('/healthz', { headers: { 'sec-fetch-site': site } })).status).toBe(200);
    },
  );

  it('answers any name with allowedHosts *', async () => {
    const { server } = await start({ options: { allowedHosts: '*' } });
    expect(await statusFor(server.address.port, 'anything.example')).toBe(200);
  });
});

describe('metrics', () => {
  it('shows the values of the moment, counters and gauges, with and without labels, and the process itself', async () => {
    let metrics: Metric[] = [
      { name: 'sluice_players', samples: [{ value: 3 }] },
      {
        name: 'sluice_connections_closed_total',
        samples: [
          { value: 5, labels: { code: 'ERR_A' } },
          { value: 1, labels: { code: 'ERR_B' } },
        ],
      },
    ];
    const { get } = await start({ deps: { metrics: () => metrics } });
    const first = await (await get('/metrics')).text();
    expect(first).toContain('# TYPE sluice_players gauge\nsluice_players 3\n');
    expect(first).toContain(
      '# TYPE sluice_connections_closed_total counter\nsluice_connections_closed_total{code="ERR_A"} 5\nsluice_connections_closed_total{code="ERR_B"} 1\n',
    );
    expect(first).toContain('process_resident_memory_bytes');
    expect(first).toContain('sluice_event_followers 0');
    metrics = [
      { name: 'sluice_players', samples: [{ value: 1 }] },
      { name: 'sluice_connections_closed_total', samples: [{ value: 6, labels: { code: 'ERR_A' } }] },
    ];
    const second = await (await get('/metrics')).text();
    expect(second).toContain('\nsluice_players 1\n');
    expect(second).toContain('\nsluice_connections_closed_total{code="ERR_A"} 6\n');
    expect(second).not.toContain('ERR_B');
  });
});

describe('events', () => {
  it('sends what happens from now on, with id, type and JSON', async () => {
    const { get, feed } = await start();
    feed.add('s:1');
    const response = await get('/v1/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    feed.add('s:2', { n: 2 });
    const text = await readUntil(response, '"n":2}\n\n');
    expect(text).toBe('retry: 1000\n\nid: s:2\nevent: io.sluice.stream.started\ndata: {"id":"s:2","n":2}\n\n');
  });

  it('goes on after Last-Event-ID without a gap or a double', async () => {
    const { get, feed } = await start();
    for (const id of ['s:1', 's:2', 's:3']) feed.add(id);
    const response = await get('/v1/events', { headers: { 'last-event-id': 's:1' } });
    feed.add('s:4');
    const text = await readUntil(response, 'id: s:4');
    expect(text.match(/^id: .*$/gm)).toEqual(['id: s:2', 'id: s:3', 'id: s:4']);
  });

  it('says so when the event to go on after is no longer held, and starts at the oldest', async () => {
    const { get, feed } = await start();
    for (let i = 1; i <= 8; i++) feed.add(`s:${i}`);
    const text = await readUntil(await get('/v1/events', { headers: { 'last-event-id': 's:1' } }), 'id: s:8');
    expect(text).toContain('event: gap\n');
    expect(text.match(/^id: .*$/gm)).toEqual(['id: s:4', 'id: s:5', 'id: s:6', 'id: s:7', 'id: s:8']);
  });

  it.each([
    ['all', ['s:1', 's:2', 's:3']],
    ['1h', ['s:2', 's:3']],
    ['2026-01-01T11:59:00Z', ['s:3']],
  ])('starts where since=%s says', async (since, ids) => {
    const { get, feed } = await start();
    feed.add('s:1', {}, NOW_MS - 2 * 3_600_000);
    feed.add('s:2', {}, NOW_MS - 1_800_000);
    feed.add('s:3', {}, NOW_MS - 1000);
    const text = await readUntil(await get(`/v1/events?since=${since}`), 'id: s:3');
    expect(text.match(/^id: .*$/gm)).toEqual(ids.map((id) => `id: ${id}`));
  });

  it.each(['yesterday', '1', '-1h', '2026'])('refuses since=%s', async (since) => {
    const { get } = await start();
    const response = await get(`/v1/events?since=${since}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'ERR_HTTP_BAD_REQUEST' });
  });

  it('sends comments while nothing happens', async () => {
    const { get } = await start({ options: { eventKeepAliveMs: 5 } });
    expect(await readUntil(await get('/v1/events'), ': keep-alive\n\n')).toContain('retry: 1000\n\n: keep-alive\n\n');
  });

  it('refuses one follower more than allowed, and takes one again after another has gone', async () => {
    const { get, feed } = await start({ options: { maxEventClients: 1 } });
    const stop = new AbortController();
    const first = await get('/v1/events', { signal: stop.signal });
    expect(first.status).toBe(200);
    const second = await get('/v1/events');
    expect(second.status).toBe(503);
    expect(await second.json()).toMatchObject({ code: 'ERR_HTTP_FOLLOWERS' });
    stop.abort();
    await vi.waitFor(() => expect(feed.followers).toBe(0));
    const third = await get('/v1/events');
    expect(third.status).toBe(200);
    await third.body?.cancel();
  });

  it('reads no further for a follower that takes nothing, and cuts it off in the end', async () => {
    const { server, feed } = await start({ options: { eventKeepAliveMs: 100 } });
    const socket = createConnection(server.address.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(feed.followers).toBe(1));
    const big = 'x'.repeat(200_000);
    // One event at a time fits; the socket's buffers are full after some of them.
    let sent = 0;
    let handedBefore = -1;
    while (feed.followers === 1 && feed.handed !== handedBefore && sent < 500) {
      handedBefore = feed.handed;
      feed.add(`s:${++sent}`, { big });
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(500);
    await vi.waitFor(() => expect(feed.followers).toBe(0), { timeout: 5000 });
    socket.destroy();
  });

  it('cuts a follower off at once when one event is more than may wait for it', async () => {
    const { base, feed } = await start({ options: { eventClientBytes: 16_384 } });
    const socket = createConnection(Number(new URL(base).port), '127.0.0.1');
    socket.pause();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (let i = 0; i < 5; i++) feed.add(`s:${i}`, { big: 'x'.repeat(3_000_000) });
    socket.write('GET /v1/events?since=all HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(feed.handed).toBe(1));
    await vi.waitFor(() => expect(feed.followers).toBe(0));
    socket.resume();
    expect(await closed.then(() => socket.destroyed)).toBe(true);
  });

  it('ends followers in good order when the server closes', async () => {
    const { get, server, feed } = await start();
    const response = await get('/v1/events');
    await server.close();
    expect(await response.text()).toBe('retry: 1000\n\n');
    expect(feed.followers).toBe(0);
  });

  it('gives a place back only when the work for its follower has stopped', async () => {
    let stopSearch = (): void => {};
    let told: AbortSignal | undefined;
    const searching: EventFeed = {
      async *follow(_cursor, signal) {
        told = signal;
        await new Promise<void>((resolve) => {
          stopSearch = resolve;
        });
      },
    };
    const { get } = await start({ options: { maxEventClients: 1 }, deps: { events: searching } });
    const stop = new AbortController();
    await get('/v1/events', { signal: stop.signal, headers: { 'last-event-id': 'x' } });
    stop.abort();
    // The connection is gone, its search is not.
    await vi.waitFor(() => expect(told?.aborted).toBe(true));
    expect((await get('/v1/events')).status).toBe(503);
    stopSearch();
    await vi.waitFor(async () => {
      const next = await get('/v1/events');
      await next.body?.cancel();
      expect(next.status).toBe(200);
    });
  });

  it('counts what followers have not taken, and cuts them off when that memory is wanted back', async () => {
    const { server, feed } = await start();
    const socket = createConnection(server.address.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await vi.waitFor(() => expect(feed.followers).toBe(1));
    expect(server.followerBytes).toBe(0);
    for (let i = 0; server.followerBytes === 0; i++) {
      feed.add(`s:${i}`, { big: 'x'.repeat(300_000) });
      await new Promise(setImmediate);
    }
    const held = server.followerBytes;
    expect(held).toBeGreaterThan(100_000);
    expect(server.relieve(1)).toBe(held);
    await vi.waitFor(() => expect(feed.followers).toBe(0));
    expect(server.relieve(1)).toBe(0);
    socket.destroy();
  });
});
