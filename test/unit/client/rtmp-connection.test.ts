import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { RtmpConnection } from '../../../src/client/index.js';
import { startFake } from '../../support/client/fake-server.js';

describe('connecting', () => {
  const open = (url: string, o: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<RtmpConnection> =>
    RtmpConnection.open(url, { mode: 'play', ...o });

  it('tells that nobody listens', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    await expect(open(`rtmp://127.0.0.1:${port}/live/cam`)).rejects.toMatchObject({ code: 'ERR_CLIENT_CONNECT' });
  });

  it('gives up on a server that says nothing', async () => {
    const fake = await startFake({ mute: true });
    await expect(open(fake.url('live/cam'), { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ERR_CLIENT_TIMEOUT' });
  });

  it('tells that the peer speaks something else', async () => {
    const fake = await startFake({ babble: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') });
    await expect(open(fake.url('live/cam'))).rejects.toMatchObject({ code: 'ERR_HANDSHAKE_HTTP' });
  });

  it('tells that the chunk stream is damaged', async () => {
    const fake = await startFake({ babble: Buffer.concat([Buffer.of(3), Buffer.alloc(3072), Buffer.alloc(64, 0xff)]) });
    await expect(open(fake.url('live/cam'))).rejects.toMatchObject({ code: 'ERR_CHUNK_FRESH_HEADER' });
  });

  it('can be given up while it waits', async () => {
    const fake = await startFake({ mute: true });
    const stop = new AbortController();
    const opening = open(fake.url('live/cam'), { signal: stop.signal });
    const failure = expect(opening).rejects.toMatchObject({ code: 'ERR_CLIENT_ABORTED' });
    await fake.until(() => fake.peers.length >= 0);
    stop.abort();
    await failure;
    await expect(open(fake.url('live/cam'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_CLIENT_ABORTED',
    });
  });

  it('tells that the connection broke', async () => {
    const fake = await startFake();
    const connection = await open(fake.url('live/cam'));
    fake.peers[0]!.socket.destroy();
    await expect(connection.ended).resolves.toMatchObject({ error: { code: 'ERR_CLIENT_LOST' } });
    await connection.close();
  });

  it('has no error when it was closed by us', async () => {
    const fake = await startFake();
    const connection = await open(fake.url('live/cam'));
    await connection.close();
    await expect(connection.ended).resolves.toEqual({ error: undefined });
    await connection.close();
  });
});
