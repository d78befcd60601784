import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { followHttp } from '../../../../src/events/consume/follow-http.js';

type Answer = (response: ServerResponse, url: string, lastId: string | undefined) => void;

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

/** A server that gives its answers one after the other, the last one for good. */
async function serve(...answers: Answer[]): Promise<string> {
  let next = 0;
  const made = createServer((request, response) => {
    const answer = answers[Math.min(next++, answers.length - 1)]!;
    answer(response, request.url ?? '', request.headers['last-event-id'] as string | undefined);
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

const send = (id: string) => `id: ${id}\nevent: x\ndata: {"id":"${id}"}\n\n`;

describe('followHttp', () => {
  it('comes back after a lost connection, after the last event it saw, and says so', async () => {
    const asked: (string | undefined)[] = [];
    const base = await serve(
      (response, url, lastId) => {
        asked.push(url, lastId);
        response.write(send('s:1'));
        response.write(send('s:2'), () => response.destroy());
      },
      (response, url, lastId) => {
        asked.push(url, lastId);
        response.write(`event: gap\ndata: {}\n\n${send('s:3')}`);
      },
    );
    const stop = new AbortController();
    const notices: string[] = [];
    const seen: string[] = [];
    const events = followHttp({ base, since: '1h', signal: stop.signal, notice: (text) => notices.push(text) });
    for await (const json of events) {
      seen.push((JSON.parse(json) as { id: string }).id);
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual(['s:1', 's:2', 's:3']);
    expect(asked).toEqual(['/v1/events?since=1h', undefined, '/v1/events', 's:2']);
    expect(notices).toEqual([
      `lost ${base}, trying again`,
      `back at ${base}`,
      'some events are no longer held by the server',
    ]);
  });

  it('says once that it lost the server, and goes on from its first answer when it has seen no event yet', async () => {
    const asked: string[] = [];
    const down: Answer = (response) => response.destroy();
    const base = await serve(
      (response) => {
        response.setHeader('date', 'Thu, 01 Jan 2026 12:00:00 GMT');
        response.write(': hello\n\n', () => response.destroy());
      },
      down,
      (response, url) => {
        asked.push(url);
        response.write(send('s:1'));
      },
    );
    const stop = new AbortController();
    const notices: string[] = [];
    const notice = (text: string) => notices.push(text);
    for await (const _ of followHttp({ base, since: undefined, signal: stop.signal, notice })) stop.abort();
    expect(asked).toEqual(['/v1/events?since=2026-01-01T12%3A00%3A00.000Z']);
    expect(notices).toEqual([`lost ${base}, trying again`, `back at ${base}`]);
  });

  it('fails when nobody is there at the first attempt', async () => {
    const base = await serve(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    const events = followHttp({
      base,
      since: undefined,
      signal: new AbortController().signal,
      notice: () => undefined,
    });
    await expect(events.next()).rejects.toMatchObject({
      code: 'ERR_EVENTS_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('passes on that the server does not understand since', async () => {
    const base = await serve((response) => response.writeHead(400).end());
    const events = followHttp({ base, since: 'x', signal: new AbortController().signal, notice: () => undefined });
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_CLI_USAGE' });
  });
});
