import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { chunks } from '../support/rtmp-wire.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const tail = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const flashPlayer = Buffer.from('Genuine Adobe Flash Player 001');
const mediaServer = Buffer.from('Genuine Adobe Flash Media Server 001');
const hmac = (key: Buffer, data: Buffer) => createHmac('sha256', key).update(data).digest();

/** Where the digest of a layout starts: the sum of four pointer bytes, mod 728, plus 12 or 776. */
function digestOffset(packet: Buffer, layout: 'D8' | 'D772'): number {
  const at = layout === 'D8' ? 8 : 772;
  const sum = packet[at] + packet[at + 1] + packet[at + 2] + packet[at + 3];
  return (layout === 'D8' ? 12 : 776) + (sum % 728);
}

const without = (packet: Buffer, at: number) => Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]);

function digestC1(layout: 'D8' | 'D772'): { c1: Buffer; digest: Buffer } {
  const c1 = Buffer.concat([Buffer.from([0, 0, 0, 1, 9, 0, 124, 2]), randomBytes(1528)]);
  const at = digestOffset(c1, layout);
  const digest = hmac(flashPlayer, without(c1, at));
  digest.copy(c1, at);
  return { c1, digest };
}

const connectBytes = () =>
  chunks({
    type: 20,
    timestamp: 0,
    messageStreamId: 0,
    payload: amf('connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' }),
  });
const success = (client: RawRtmp) =>
  client.expect((m) => m.values[0] === '_result' && m.values[1] === 1, 'connect _result');

describe('handshake of a live server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await spawnServer({ settings: { 'limits.firstBytesTimeoutMs': 700, 'limits.handshakeTimeoutMs': 1200 } });
  });
  afterAll(() => server.stop());
  const open = () => RawRtmp.open({ port: server.rtmpPort });

  it('answers a simple C0+C1 that comes byte by byte once, with S1 version 0 and S2 echoing C1', async () => {
    const client = await open();
    const c1 = Buffer.concat([Buffer.from([1, 2, 3, 4, 0, 0, 0, 0]), randomBytes(1528)]);
    for (const byte of Buffer.concat([Buffer.from([3]), c1])) client.send(Buffer.from([byte]));
    await waitFor(() => client.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
    const answer = client.handshakeBytes;
    expect(answer).toHaveLength(3073);
    expect(answer[0]).toBe(3);
    expect(answer.subarray(5, 9)).toEqual(Buffer.alloc(4));
    const s2 = answer.subarray(1537);
    expect(s2.subarray(0, 4)).toEqual(c1.subarray(0, 4));
    expect(s2.subarray(8)).toEqual(c1.subarray(8));
    client.destroy();
  });

  it('does not answer before all 1537 bytes are in', async () => {
    const client = await open();
    client.send(Buffer.from([3]), Buffer.alloc(1535));
    await client.gone(5000);
    expect(client.handshakeBytes).toHaveLength(0);
  });

  it('reads a connect that comes in one segment with C2', async () => {
    const client = await open();
    await client.handshake(connectBytes());
    await success(client);
    client.destroy();
  });

  it.each(['D8', 'D772'] as const)(
    'answers a digest C1 of layout %s with a digest S1 in that layout and a signed S2',
    async (layout) => {
      const client = await open();
      const { c1, digest } = digestC1(layout);
      client.send(Buffer.from([3]), c1);
      await waitFor(() => client.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
      const s1 = client.handshakeBytes.subarray(1, 1537);
      const at = digestOffset(s1, layout);
      expect(s1.subarray(at, at + 32)).toEqual(hmac(mediaServer, without(s1, at)));
      const s2 = client.handshakeBytes.subarray(1537);
      const key = hmac(Buffer.concat([mediaServer, tail]), digest);
      expect(s2.subarray(1504)).toEqual(hmac(key, s2.subarray(0, 1504)));
      client.send(s1, connectBytes());
      client.startChunks();
      await success(client);
      client.destroy();
    },
  );

  it('falls back to the simple handshake when C1 names a version and holds no digest', async () => {
    const client = await open();
    client.send(Buffer.from([3]), Buffer.from([0, 0, 0, 0, 9, 0, 124, 2]), randomBytes(1528));
    await waitFor(() => client.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
    client.send(client.handshakeBytes.subarray(1, 1537), connectBytes());
    client.startChunks();
    await success(client);
    client.destroy();
  });

  it('takes any C2', async () => {
    const client = await open();
    client.send(Buffer.from([3]), Buffer.alloc(1536));
    await waitFor(() => client.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
    client.send(randomBytes(1536), connectBytes());
    client.startChunks();
    await success(client);
    client.destroy();
  });

  it.each(['00', '16', 'ff'])('closes when the first byte is %s', async (first) => {
    const client = await open();
    client.send(Buffer.from(first, 'hex'), Buffer.alloc(1536));
    await client.gone(5000);
    expect(client.handshakeBytes).toHaveLength(0);
  });

  it('answers a first byte of HTTP, with no HTTP behind it, in HTTP, and closes', async () => {
    const client = await open();
    client.send(Buffer.from('47', 'hex'), Buffer.alloc(1536));
    await client.gone(5000);
    expect(client.handshakeBytes.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('closes a connection that says nothing, and one that stops before C2', async () => {
    const silent = await open();
    const halfway = await open();
    halfway.send(Buffer.from([3]), Buffer.alloc(1536));
    await waitFor(() => halfway.handshakeBytes.length >= 3073, { what: 'S0S1S2' });
    await silent.gone(5000);
    await halfway.gone(5000);
  });
});
