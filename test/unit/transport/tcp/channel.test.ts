import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { TcpChannel } from '../../../../src/transport/tcp/channel.js';
import { waitFor } from '../../../support/wait.js';

let server: Server;
let client: Socket;
let channel: TcpChannel;

/** What both ways to read have in common is in byte-channel.test.ts. */
it.each([true, false])('a TCP channel tells of a reset by the peer with its error (direct: %s)', async (direct) => {
  const accepted = new Promise<Socket>((resolve) => {
    server = createServer({ pauseOnConnect: true }, resolve);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1' });
  channel = new TcpChannel(await accepted, { direct });
  let got = 0;
  const errors: (string | undefined)[] = [];
  const into = Buffer.alloc(100);
  channel.open({
    buffer: () => into,
    read: (count) => {
      got += count;
      return true;
    },
    closed: (error) => errors.push(error?.code),
  });
  client.write('x');
  await waitFor(() => got === 1 || undefined, { everyMs: 1 });
  client.resetAndDestroy();
  await waitFor(() => errors.length > 0 || undefined, { everyMs: 1 });
  expect(errors).toEqual(['ECONNRESET']);
});

afterEach(() => {
  client.destroy();
  channel.destroy();
  server.close();
});
