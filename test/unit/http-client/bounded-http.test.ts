import { describe, expect, it, onTestFinished } from 'vitest';
import { BoundedHttp, type HttpAsk } from '../../../src/http-client/bounded-http.js';
import { rawAnswer, rawHttp } from '../../support/admission/raw-http.js';
import { waitFor } from '../../support/wait.js';

/** Longer than any test: whoever waits for it to be over fails. */
const FOR_EVER_MS = 600_000;
const MAX_BYTES = 1000;

function caller() {
  const http = new BoundedHttp();
  onTestFinished(() => http.close());
  return (url: string, more: Partial<HttpAsk> = {}) =>
    http.ask({
      ...{ method: 'POST', url: new URL(url), headers: {}, body: Buffer.from('question') },
      ...{ timeoutMs: FOR_EVER_MS, maxBytes: MAX_BYTES },
      ...more,
    });
}

describe('a request with bounds', () => {
  it('brings status, headers and body, over a connection that is kept', async () => {
    const server = await rawHttp(({ socket, body }) => socket.write(rawAnswer(201, `got ${body}`, { 'X-Own': 'yes' })));
    const ask = caller();
    const outcome = await ask(server.url, { headers: { 'Content-Type': 'text/plain' } });
    expect(outcome).toMatchObject({ kind: 'answer', status: 201, headers: { 'x-own': 'yes' } });
    expect(outcome.kind === 'answer' && outcome.body.toString()).toBe('got question');
    expect(server.requests[0]?.head).toMatch(/^POST \/auth HTTP\/1\.1\r\n.*content-type: text\/plain/is);
    await waitFor(async () => {
      await ask(server.url);
      return server.requests.some(({ connection }, i) => connection === server.requests[i - 1]?.connection);
    });
  });

  it('takes answers as long as allowed and ends at the first byte more, announced or not', async () => {
    const bodies = { least: MAX_BYTES, more: MAX_BYTES + 1 };
    const ask = caller();
    for (const [size, kind] of [
      [bodies.least, 'answer'],
      [bodies.more, 'too_large'],
    ] as const) {
      const announced = await rawHttp(({ socket }) => socket.write(rawAnswer(200, 'x'.repeat(size))));
      expect(await ask(announced.url)).toMatchObject({ kind });
      const chunked = await rawHttp(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        socket.write(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`);
      });
      expect(await ask(chunked.url)).toMatchObject({ kind });
    }
  });

  it('reads no more of an answer of 64 MiB than its bound, and closes the connection', async () => {
    const piece = Buffer.alloc(65_536, 'x');
    let written = 0;
    const server = await rawHttp(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed && written < 64 * 1_048_576) {
          written += piece.length;
          if (!socket.write(piece)) break;
        }
      };
      socket.on('drain', more);
      more();
    });
    expect(await caller()(server.url)).toEqual({
      kind: 'too_large',
      status: 200,
      why: `the answer has more than ${MAX_BYTES} bytes`,
    });
    await waitFor(() => server.sockets.size === 0);
    expect(written).toBeLessThan(16 * 1_048_576);
  });

  it('gives up when time is over, before the answer or within it, and closes the connection', async () => {
    const ask = caller();
    for (const text of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"dec']) {
      const server = await rawHttp(({ socket }) => socket.write(text));
      expect(await ask(server.url, { timeoutMs: 30 })).toMatchObject({ kind: 'timeout' });
      await waitFor(() => server.sockets.size === 0);
    }
  });

  it('gives up when it is told to, also before it began', async () => {
    const ask = caller();
    const abort = new AbortController();
    const server = await rawHttp(() => abort.abort());
    expect(await ask(server.url, { signal: abort.signal })).toMatchObject({ kind: 'timeout' });
    expect(await ask(server.url, { signal: abort.signal })).toMatchObject({ kind: 'timeout' });
    await waitFor(() => server.sockets.size === 0);
    expect(server.requests).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const server = await rawHttp(({ socket }) => {
      socket.write(rawAnswer(302, '', { Location: 'http://169.254.169.254/latest/meta-data' }));
    });
    expect(await caller()(server.url)).toMatchObject({ kind: 'answer', status: 302 });
    expect(server.requests).toHaveLength(1);
  });

  it('takes neither of two answers that come together', async () => {
    const server = await rawHttp(({ socket }) => socket.write(rawAnswer(200, 'yes') + rawAnswer(200, 'no')));
    expect(await caller()(server.url)).toEqual({ kind: 'doubled', why: 'two answers came to one request' });
    await waitFor(() => server.sockets.size === 0);
  });

  it('takes no later words of a server for the answer to the next request', async () => {
    let speakAgain = (): void => undefined;
    const server = await rawHttp(({ socket, connection }) => {
      socket.write(rawAnswer(200, `answer ${connection}`));
      speakAgain = () => void socket.write(rawAnswer(200, 'late'));
    });
    const ask = caller();
    const bodyOf = async (): Promise<string> => {
      const outcome = await ask(server.url);
      return outcome.kind === 'answer' ? outcome.body.toString() : outcome.kind;
    };
    expect(await bodyOf()).toBe('answer 1');
    speakAgain();
    await waitFor(() => server.sockets.size === 0);
    expect(await bodyOf()).toBe('answer 2');
  });

  it('says when nobody listens, when what comes is no HTTP, and when the connection breaks', async () => {
    const ask = caller();
    const gone = await rawHttp(() => undefined);
    await gone.close();
    expect(await ask(gone.url)).toEqual({ kind: 'refused', why: 'nobody listens there' });
    const noise = await rawHttp(({ socket }) => socket.write('EHLO\r\n\r\n'));
    expect(await ask(noise.url)).toEqual({ kind: 'malformed', why: 'the answer is no HTTP' });
    const breaks = await rawHttp(({ socket }) => socket.destroy());
    expect(await ask(breaks.url)).toMatchObject({ kind: 'failed', why: 'ECONNRESET' });
    const half = await rawHttp(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'));
    expect(await ask(half.url)).toMatchObject({ kind: 'failed' });
  });

  it('tells a kept connection that the server had closed, as the request was not seen', async () => {
    const server = await rawHttp(({ socket, body }) => {
      if (body === 'again') socket.resetAndDestroy();
      else socket.write(rawAnswer(200, 'yes'));
    });
    const ask = caller();
    const again = { body: Buffer.from('again') };
    await ask(server.url);
    // The connection is kept only after the promise is settled.
    await new Promise(setImmediate);
    expect(await ask(server.url, again)).toEqual({ kind: 'stale', why: 'the server had closed the connection' });
    expect(await ask(server.url, { ...again, isFresh: true })).toMatchObject({ kind: 'failed', why: 'ECONNRESET' });
    expect(server.connections()).toBe(2);
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xA9FEA9FE/',
    'http://[fe80::1]/',
    'http://[febf::1]/',
    'http://[::ffff:169.254.0.1]/',
  ])('asks no link-local address: %s', async (url) => {
    expect(await caller()(url)).toEqual({ kind: 'forbidden_address', why: 'link-local addresses are not asked' });
  });
});
