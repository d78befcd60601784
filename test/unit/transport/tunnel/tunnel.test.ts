import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TunnelHarness } from '../../../support/transport/tunnel-harness.js';

/** Sends bytes on a socket of its own and waits for its end. @returns everything that came */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')));
  });
}

const BODY = 'Content-Length: 1\r\n\r\n\0';

describe('HttpTunnel', () => {
  it('answers as librtmp reads it: the length spelled so and told, no chunks, the id with a line feed', async () => {
    const { connect: dial, port, owners } = await TunnelHarness.open();
    const { status, body, rawHeaders, headers } = await dial().ask('/open/1');
    expect(status).toBe(200);
    expect(body.toString()).toMatch(/^[A-Za-z0-9_-]{24}\n$/);
    expect(rawHeaders).toContain('Content-Length');
    expect(headers['content-length']).toBe('25');
    expect(headers['content-type']).toBe('application/x-fcs');
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(await raw(port, `POST /open/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${BODY}`)).toMatch(
      /^HTTP\/1\.1 200 OK\r\nContent-Type: /,
    );
    expect(owners[0].channel).toMatchObject({ transport: 'rtmpt', remoteAddress: '127.0.0.1', localPort: port });
  });

  it('says 404 to the question of Flash, to other paths and to ids that are none', async () => {
    const { connect: dial, tunnel } = await TunnelHarness.open();
    const connection = dial();
    for (const path of ['/fcs/ident2', '/', '/open/2', '/send/unknown/0', '/idle/unknown/0', '/close/unknown/0'])
      expect((await connection.ask(path)).status, path).toBe(404);
    expect(tunnel.refusals.get(404)).toBe(6);
    expect(tunnel.connections).toBe(1);
  });

  it('takes no other method than POST', async () => {
    const { connect: dial } = await TunnelHarness.open();
    const connection = dial();
    for (const method of ['GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'])
      expect(await connection.ask('/open/1', Buffer.from([0]), { method }), method).toMatchObject({
        status: 405,
        headers: { allow: 'POST' },
      });
  });

  it('takes no request of a web page', async () => {
    const { port, tunnel } = await TunnelHarness.open();
    const head = 'POST /open/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
    expect(await raw(port, `${head}Origin: http://a\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await raw(port, `${head}Origin: null\r\n${BODY}`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(tunnel.sessions).toBe(0);
  });

  it('answers HTTP/1.0, and closes the connection then', async () => {
    const { port } = await TunnelHarness.open();
    const answer = await raw(port, `POST /open/1 HTTP/1.0\r\n${BODY}`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/Content-Length: 25\r\n/);
  });

  it('closes a connection that speaks no HTTP, or whose head is too long', async () => {
    const { port } = await TunnelHarness.open();
    expect(await raw(port, '\x03\0\0\0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, `POST /open/1 HTTP/1.1\r\nA: ${'a'.repeat(9000)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('refuses an announced body that is too long before it comes, and cuts off one that is not announced', async () => {
    const { connect: dial, port } = await TunnelHarness.open({ maxRequestBytes: 100_000 });
    const id = await dial().open();
    const other = await dial().open();
    const ask = (path: string, length: number): Promise<string> =>
      raw(port, `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
    expect(await ask(`/send/${id}/0`, 100_001)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await ask(`/idle/${id}/0`, 1025)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await ask('/open/1', 1025)).toMatch(/^HTTP\/1\.1 413 /);
    const fits = await dial().ask(`/send/${id}/0`, Buffer.alloc(100_000), { chunked: true });
    expect(fits.status).toBe(200);
    const past = dial().ask(`/send/${other}/0`, Buffer.alloc(100_001), { chunked: true });
    expect((await past.catch(() => ({ status: 413 }))).status).toBe(413);
  });

  it('says 503 when the session is refused', async () => {
    const harness = await TunnelHarness.open();
    harness.refuses = true;
    const { connect: dial, tunnel } = harness;
    expect((await dial().ask('/open/1')).status).toBe(503);
    expect(tunnel.sessions).toBe(0);
  });

  it('lets a session be used from other addresses of its network only', async () => {
    const { connect: dial } = await TunnelHarness.open();
    const id = await dial('127.0.0.1').open();
    expect((await dial('127.0.1.1').ask(`/idle/${id}/0`)).status).toBe(404);
    expect((await dial('127.0.0.9').ask(`/idle/${id}/0`)).status).toBe(200);
  });

  it('holds connections within their bound: the one without a request for longest goes', async () => {
    const harness = await TunnelHarness.open({ maxHttpConnections: 2 });
    const { connect: dial, tunnel, refusals } = harness;
    const first = dial();
    await first.open();
    await dial().open();
    expect(tunnel.connections).toBe(2);
    await dial().open();
    expect(tunnel.connections).toBe(2);
    expect(refusals).toEqual([]);
    expect(tunnel.sessions).toBe(3);
  });

  it('refuses a connection when a request runs on every other', async () => {
    const harness = await TunnelHarness.open({ maxHttpConnections: 1, holdMs: 60_000 });
    const connection = harness.connect();
    const id = await connection.open();
    const held = connection.ask(`/idle/${id}/0`);
    await harness.until(() => harness.tunnel.requests === 2, 'the poll to be there');
    await expect(harness.connect().ask('/open/1')).rejects.toThrow();
    expect(harness.refusals).toEqual(['ERR_LIMIT_TUNNEL']);
    harness.owners[0].channel.send(Buffer.from('x'));
    expect((await held).body).toEqual(Buffer.from('\x01x'));
  });

  it('holds connections of one address within its limits', async () => {
    const harness = await TunnelHarness.open({ maxConnectionsPerIp: 1, limitLoopback: true });
    await harness.connect('127.0.0.2').open();
    await expect(harness.connect('127.0.0.2').ask('/open/1')).rejects.toThrow();
    await harness.connect('127.0.0.3').open();
    expect(harness.refusals).toEqual(['ERR_LIMIT_CONNECTIONS_PER_IP']);
  });

  it('closes connections without a request, with half a head, and with half a body, in time', async () => {
    const harness = await TunnelHarness.open({ sessionTimeoutMs: 300_000 });
    const id = await harness.connect().open();
    const head = 'POST /open/1 HTTP/1.1\r\nHo';
    const body = `POST /send/${id}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`;
    const ends = [raw(harness.port, ''), raw(harness.port, head), raw(harness.port, body)];
    await harness.until(
      () => harness.tunnel.connections === 4 && harness.owners[0].got.length === 3,
      'all connections and the first bytes',
    );
    harness.pass(29_000);
    expect(harness.tunnel.connections).toBe(4);
    harness.pass(30_001);
    expect(await Promise.all(ends)).toEqual(['', '', '']);
    expect(harness.tunnel.sessions).toBe(1);
  });

  it('answers requests that are sent without waiting, in order, and closes a connection with too many', async () => {
    const harness = await TunnelHarness.open();
    const id = await harness.connect().open();
    const send = (seq: number): string =>
      `POST /send/${id}/${seq} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n${String.fromCharCode(97 + (seq % 26))}`;
    const many = Array.from({ length: 200 }, (_, seq) => send(seq)).join('');
    const last = `POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${BODY}`;
    const answers = (await raw(harness.port, many + last)).match(/HTTP\/1\.1 200/g);
    expect(answers).toHaveLength(200);
    expect(harness.owners[0].got).toHaveLength(200);
    // Nothing of the first is read, so none of those behind it is answered.
    harness.owners[0].channel.pauseReads();
    const flood = Array.from({ length: 300 }, (_, at) => send(200 + at)).join('');
    expect(await raw(harness.port, flood)).toBe('');
  });

  it('counts what it holds', async () => {
    const harness = await TunnelHarness.open();
    const connection = harness.connect();
    const id = await connection.open();
    harness.owners[0].channel.send(Buffer.alloc(5000));
    await connection.ask(`/idle/${id}/0`);
    harness.pass(0);
    expect(harness.heldBytes).toBeGreaterThanOrEqual(5001);
    await connection.ask(`/close/${id}/1`);
    harness.pass(0);
    expect(harness.heldBytes).toBe(0);
  });
});
