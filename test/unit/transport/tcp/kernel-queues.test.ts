import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { platform } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { unacknowledgedBytes } from '../../../../src/transport/tcp/kernel-queues.js';
import { waitFor } from '../../../support/wait.js';

const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A connection over loopback whose far end reads nothing. */
async function pair(listenOn: string, connectTo: string): Promise<{ near: Socket; far: Socket }> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket));
  server.listen(0, listenOn);
  await once(server, 'listening');
  const far = connect((server.address() as { port: number }).port, connectTo);
  far.pause();
  await once(far, 'connect');
  const near = await waitFor(() => accepted[0], { what: 'the connection' });
  server.close();
  open.push(near, far);
  return { near, far };
}

function addresses({ localAddress, localPort, remoteAddress, remotePort }: Socket) {
  return {
    localAddress: localAddress!,
    localPort: localPort!,
    remoteAddress: remoteAddress!,
    remotePort: remotePort!,
  };
}

const isLinux = platform() === 'linux';

describe('the send queues that the kernel lists', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['::', '127.0.0.1'],
  ])(
    'on %s, reached as %s: grow by what the peer does not read, and shrink as it reads',
    async (listenOn, connectTo) => {
      const { near, far } = await pair(listenOn, connectTo);
      const bytes = async (): Promise<number | undefined> => (await unacknowledgedBytes([addresses(near)])).get(0);
      near.write(Buffer.alloc(16 * 2 ** 20));
      if (!isLinux) {
        expect(await bytes()).toBeUndefined();
        return;
      }
      await waitFor(async () => (await bytes())! > 100_000, { what: 'bytes in the queue' });
      far.on('data', () => {});
      far.resume();
      await waitFor(async () => (await bytes()) === 0, { what: 'an empty queue' });
    },
  );

  it('are told for each socket that was asked for, and for no other', async () => {
    const one = await pair('127.0.0.1', '127.0.0.1');
    const two = await pair('127.0.0.1', '127.0.0.1');
    two.near.write(Buffer.alloc(16 * 2 ** 20));
    const gone = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '192.0.2.1', remotePort: 1 };
    const nonsense = { localAddress: '', localPort: 0, remoteAddress: 'x:y', remotePort: 0 };
    const ask = () => unacknowledgedBytes([gone, addresses(one.near), nonsense, addresses(two.near)]);
    if (isLinux) await waitFor(async () => (await ask()).get(3)! > 100_000, { what: 'bytes in the queue' });
    expect([...(await ask()).keys()].sort()).toEqual(isLinux ? [1, 3] : []);
  });
});
