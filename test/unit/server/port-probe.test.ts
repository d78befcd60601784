import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answersAt } from '../../../src/server/port-probe.js';

const open: (Server | Socket)[] = [];

afterEach(() => {
  for (const one of open.splice(0)) 'destroy' in one ? one.destroy() : one.close();
});

/** A server that does something with each connection. @returns its port */
async function listen(take: (socket: Socket) => void): Promise<{ host: string; port: number; server: Server }> {
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => {});
    take(socket);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port, server };
}

describe('a probe of a port', () => {
  it('finds a process that says something once it was greeted', async () => {
    let greeting = 0;
    const at = await listen((socket) => {
      socket.on('data', (bytes) => {
        greeting += bytes.length;
        if (greeting === 1537) socket.write(Buffer.from([3]));
      });
    });
    expect(await answersAt(at, 10_000)).toBe(true);
  });

  it('finds a process that closes what it accepted', async () => {
    const closing = await listen((socket) => socket.end());
    expect(await answersAt(closing, 10_000)).toBe(true);
    const cutting = await listen((socket) => socket.resetAndDestroy());
    expect(await answersAt(cutting, 10_000)).toBe(true);
  });

  it('finds none where connections are accepted and nothing follows', async () => {
    const at = await listen(() => {});
    expect(await answersAt(at, 50)).toBe(false);
  });

  it('finds none where nobody listens', async () => {
    const { server, ...at } = await listen(() => {});
    await new Promise((resolve) => server.close(resolve));
    expect(await answersAt(at, 10_000)).toBe(false);
  });
});
