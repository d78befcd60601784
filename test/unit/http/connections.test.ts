import { createConnection, type Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { HttpServer } from '../../../src/http/server.js';
import { start } from '../../support/http/http-harness.js';

describe('connections', () => {
  const dial = (server: HttpServer, text = ''): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = createConnection(server.address.port, '127.0.0.1', () => {
        socket.write(text);
        resolve(socket);
      });
    });
  const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve).resume());

  it('past the bound the one that has said nothing for longest is closed for the new one', async () => {
    const { server, get } = await start({ options: { maxClients: 4 } });
    const silent: Socket[] = [];
    for (let i = 0; i < 4; i++) silent.push(await dial(server));
    await vi.waitFor(() => expect(server.connections).toBe(4));
    const first = closed(silent[0]!);
    const last = closed(silent[3]!);
    const page = await (await get('/metrics')).text();
    await first;
    expect(page).toContain('sluice_http_connections 4');
    expect(page).toContain('sluice_http_connections_evicted_total 1');
    expect(await Promise.race([last, Promise.resolve('open')])).toBe('open');
  });

  it('past the bound the new one is closed when a request runs on every other', async () => {
    const { server, feed } = await start({ options: { maxClients: 2 } });
    const follow = 'GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n';
    await dial(server, follow);
    await dial(server, follow);
    await vi.waitFor(() => expect(feed.followers).toBe(2));
    await closed(await dial(server));
    expect(feed.followers).toBe(2);
  });

  it('takes no more than the process has file descriptors for', async () => {
    const { server } = await start({ deps: { connectionShare: () => 1 } });
    const first = await dial(server);
    await vi.waitFor(() => expect(server.connections).toBe(1));
    await dial(server);
    await closed(first);
  });

  it('closes one that sends no request in time', async () => {
    const { server } = await start({ options: { requestTimeoutMs: 100 } });
    await closed(await dial(server));
    await closed(await dial(server, 'GET /healthz HTTP/1.1\r\nHost: loc'));
  });
});
