import { describe, expect, it } from 'vitest';
import { MAX_EARLY } from '../../../../src/transport/tunnel/session.js';
import { TunnelHarness } from '../../../support/transport/tunnel-harness.js';

const text = (bytes: Buffer): string => bytes.toString('latin1');

describe('TunnelSession', () => {
  it('carries bytes both ways, with the interval before them', async () => {
    const { connect, owners } = await TunnelHarness.open();
    const connection = connect();
    const id = await connection.open();
    const [owner] = owners;
    expect((await connection.ask(`/send/${id}/0`, Buffer.from('ab'))).body).toEqual(Buffer.from([1]));
    owner.channel.send(Buffer.from('xy'));
    expect((await connection.ask(`/send/${id}/1`, Buffer.from('cd'))).body).toEqual(Buffer.from('\x01xy'));
    expect(text(owner.got)).toBe('abcd');
    expect(owner.channel).toMatchObject({ unsentBytes: 0, takenBytes: 2, writtenBytes: 2, pendingBytes: 0 });
  });

  it('gives a poll that has waited what is written meanwhile, and an empty answer after the hold', async () => {
    const harness = await TunnelHarness.open({ holdMs: 30 });
    const connection = harness.connect();
    const id = await connection.open();
    const beganMs = performance.now();
    expect((await connection.ask(`/idle/${id}/0`)).body).toEqual(Buffer.from([1]));
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(28);
    const poll = connection.ask(`/idle/${id}/1`);
    await harness.until(() => harness.tunnel.requests === 3, 'the poll');
    harness.owners[0].channel.send(Buffer.from('a'));
    harness.owners[0].channel.send(Buffer.from('b'));
    expect(text((await poll).body)).toBe('\x01ab');
  });

  it('takes requests by any connection in the order of their numbers, from any first number on', async () => {
    const harness = await TunnelHarness.open();
    const [one, two] = [harness.connect(), harness.connect()];
    const id = await one.open();
    await two.ask(`/send/${id}/7`, Buffer.from('a'));
    const third = two.ask(`/send/${id}/9`, Buffer.from('c'));
    await harness.until(() => harness.tunnel.requests === 3, 'the third');
    expect(text(harness.owners[0].got)).toBe('a');
    await one.ask(`/send/${id}/8`, Buffer.from('b'));
    expect((await third).status).toBe(200);
    expect(text(harness.owners[0].got)).toBe('abc');
  });

  it('answers a request that comes again as before, byte for byte, and takes its bytes once', async () => {
    const { connect, owners, tunnel } = await TunnelHarness.open();
    const connection = connect();
    const id = await connection.open();
    owners[0].channel.send(Buffer.from('xyz'));
    const first = await connection.ask(`/send/${id}/0`, Buffer.from('ab'));
    owners[0].channel.send(Buffer.from('later'));
    const again = await connect().ask(`/send/${id}/0`, Buffer.from('ab'));
    expect(again.body).toEqual(first.body);
    expect(text(first.body)).toBe('\x01xyz');
    expect(text(owners[0].got)).toBe('ab');
    expect(tunnel.replays).toBe(1);
    expect(text((await connection.ask(`/idle/${id}/1`)).body)).toBe('\x01later');
  });

  it('says 400 to a number whose answer is no longer kept, and goes on', async () => {
    const { connect, owners } = await TunnelHarness.open();
    const connection = connect();
    const id = await connection.open();
    for (let seq = 0; seq < 18; seq++) await connection.ask(`/send/${id}/${seq}`, Buffer.from('a'));
    expect((await connection.ask(`/send/${id}/1`, Buffer.from('a'))).status).toBe(400);
    expect((await connection.ask(`/send/${id}/2`, Buffer.from('a'))).status).toBe(200);
    expect((await connection.ask(`/send/${id}/18`, Buffer.from('b'))).status).toBe(200);
    expect(text(owners[0].got)).toBe(`${'a'.repeat(18)}b`);
  });

  it('waits for a missing request, and ends the session when it does not come', async () => {
    const harness = await TunnelHarness.open({ gapTimeoutMs: 2000 });
    const connection = harness.connect();
    const id = await connection.open();
    await connection.ask(`/send/${id}/0`, Buffer.from('a'));
    const early = connection.ask(`/send/${id}/2`, Buffer.from('c'));
    await harness.until(() => harness.tunnel.requests === 3, 'the early one');
    harness.pass(0);
    harness.pass(1900);
    expect(harness.owners[0].end).toBeUndefined();
    harness.pass(2001);
    expect((await early).status).toBe(404);
    await harness.until(() => harness.owners[0].ends === 1, 'the end');
    expect(harness.owners[0].end?.code).toBe('ERR_TUNNEL_GAP');
    expect((await connection.ask(`/idle/${id}/1`)).status).toBe(404);
  });

  it('ends at a number that is too far ahead', async () => {
    const harness = await TunnelHarness.open();
    const connection = harness.connect();
    const id = await connection.open();
    await connection.ask(`/send/${id}/0`);
    const near = harness.connect().ask(`/send/${id}/${1 + MAX_EARLY}`);
    await harness.until(() => harness.tunnel.requests === 3, 'the near one');
    expect(harness.tunnel.sessions).toBe(1);
    expect((await connection.ask(`/send/${id}/${2 + MAX_EARLY}`)).status).toBe(400);
    expect((await near).status).toBe(404);
    expect(harness.tunnel.sessions).toBe(0);
  });

  it('dies without a request', async () => {
    const harness = await TunnelHarness.open({ sessionTimeoutMs: 20_000, requestTimeoutMs: 300_000 });
    const connection = harness.connect();
    const id = await connection.open();
    await connection.ask(`/idle/${id}/0`);
    harness.pass(19_000);
    expect(harness.tunnel.sessions).toBe(1);
    harness.pass(20_001);
    expect(harness.tunnel.sessions).toBe(0);
    await harness.until(() => harness.owners[0].ends === 1, 'the end');
    expect(harness.owners[0].end?.code).toBe('ERR_TUNNEL_SILENT');
    expect((await connection.ask(`/idle/${id}/1`)).status).toBe(404);
  });

  it('is closed in good order by its client, behind everything sent before', async () => {
    const harness = await TunnelHarness.open();
    const [one, two] = [harness.connect(), harness.connect()];
    const id = await one.open();
    await one.ask(`/send/${id}/0`, Buffer.from('a'));
    const close = one.ask(`/close/${id}/2`);
    await harness.until(() => harness.tunnel.requests === 3, 'the close');
    expect(harness.tunnel.sessions).toBe(1);
    await two.ask(`/send/${id}/1`, Buffer.from('b'));
    expect((await close).body).toEqual(Buffer.from([0]));
    await harness.until(() => harness.owners[0].ends === 1, 'the end');
    expect(harness.owners[0].end).toBeNull();
    expect(text(harness.owners[0].got)).toBe('ab');
    expect((await one.ask(`/idle/${id}/3`)).status).toBe(404);
  });

  it('ends with the interval 00 when everything has gone that was written before the end', async () => {
    const harness = await TunnelHarness.open({ maxAnswerBytes: 4 });
    const connection = harness.connect();
    const id = await connection.open();
    const [{ channel }] = harness.owners;
    channel.send(Buffer.from('abcde'));
    channel.finish(10_000);
    channel.send(Buffer.from('too late'));
    expect(text((await connection.ask(`/idle/${id}/0`)).body)).toBe('\x01abc');
    expect(text((await connection.ask(`/idle/${id}/1`)).body)).toBe('\0de');
    await harness.until(() => harness.owners[0].ends === 1, 'the end');
    expect(harness.owners[0].end).toBeNull();
    expect((await connection.ask(`/idle/${id}/2`)).status).toBe(404);
  });

  it('ends after the grace when nobody asks for the rest', async () => {
    const harness = await TunnelHarness.open();
    await harness.connect().open();
    harness.owners[0].channel.send(Buffer.from('a'));
    harness.owners[0].channel.finish(1);
    await harness.until(() => harness.owners[0].ends === 1, 'the end');
    expect(harness.tunnel.sessions).toBe(0);
  });

  it('cuts answers at their longest, and gives the rest with the next', async () => {
    const { connect, owners } = await TunnelHarness.open({ maxAnswerBytes: 4 });
    const connection = connect();
    const id = await connection.open();
    let drained = 0;
    expect(owners[0].channel.write(Buffer.from('abcdefg'), { drained: () => drained++ })).toBe(false);
    const ask = async (seq: number): Promise<string> => text((await connection.ask(`/idle/${id}/${seq}`)).body);
    expect([await ask(0), drained, await ask(1), drained]).toEqual(['\x01abc', 0, '\x01def', 0]);
    expect([await ask(2), drained]).toEqual(['\x01g', 1]);
  });

  it('lets the answer to a send wait until its bytes are read', async () => {
    const harness = await TunnelHarness.open({}, 4);
    const connection = harness.connect();
    const id = await connection.open();
    const [owner] = harness.owners;
    owner.reads = 2;
    let isAnswered = false;
    const sent = connection.ask(`/send/${id}/0`, Buffer.from('abcdefghij')).then(() => {
      isAnswered = true;
    });
    await harness.until(() => owner.got.length === 8, 'two reads');
    const other = harness.connect();
    await other.ask('/fcs/ident2');
    expect(isAnswered).toBe(false);
    // A client that waits for its answer is not silent.
    harness.pass(60_000);
    expect(harness.tunnel.sessions).toBe(1);
    owner.readOn();
    await sent;
    expect(text(owner.got)).toBe('abcdefghij');
  });

  it('reads a body that is longer than what it may hold bit by bit', async () => {
    const harness = await TunnelHarness.open({}, 1000);
    const connection = harness.connect();
    const id = await connection.open();
    const [owner] = harness.owners;
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    owner.reads = 1;
    const sent = connection.ask(`/send/${id}/0`, body, { chunked: true });
    await harness.until(() => owner.got.length === 1000, 'the first read');
    for (let held = -1, before = -2; held !== before; ) {
      before = held;
      harness.pass(0);
      held = harness.heldBytes;
      await harness.connect().ask('/fcs/ident2');
    }
    expect(harness.heldBytes).toBeLessThan(200_000);
    owner.readOn();
    expect((await sent).status).toBe(200);
    expect(owner.got.equals(body)).toBe(true);
  });

  it('goes on with a body whose connection was lost in the middle, where it was cut', async () => {
    const harness = await TunnelHarness.open();
    const connection = harness.connect();
    const id = await connection.open();
    const half = `POST /send/${id}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc`;
    const lost = harness.raw(half);
    await harness.until(() => text(harness.owners[0].got) === 'abc', 'the first half');
    lost.destroy();
    await harness.until(() => harness.tunnel.connections === 1, 'the loss');
    await connection.ask(`/send/${id}/0`, Buffer.from('abcdef'));
    expect(text(harness.owners[0].got)).toBe('abcdef');
  });

  it('leaves a connection that is stuck in the middle of a body for the one that sends it again', async () => {
    const harness = await TunnelHarness.open();
    const connection = harness.connect();
    const id = await connection.open();
    harness.raw(`POST /send/${id}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabcd`);
    await harness.until(() => text(harness.owners[0].got) === 'abcd', 'the first part');
    await connection.ask(`/send/${id}/0`, Buffer.from('abcdef'));
    expect(text(harness.owners[0].got)).toBe('abcdef');
    await harness.until(() => harness.tunnel.connections === 1, 'the stuck one to be closed');
  });

  it('keeps what is written for the next poll when the one that was held has lost its connection', async () => {
    const harness = await TunnelHarness.open({ holdMs: 50 });
    const connection = harness.connect();
    const id = await connection.open();
    const lost = harness.raw(`POST /idle/${id}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n\0`);
    await harness.until(() => harness.tunnel.requests === 2, 'the poll');
    lost.destroy();
    await harness.until(() => harness.tunnel.connections === 1, 'the loss');
    harness.owners[0].channel.send(Buffer.from('abc'));
    expect(text((await connection.ask(`/idle/${id}/1`)).body)).toBe('\x01abc');
  });

  it('answers a poll that is held as soon as the next request is there', async () => {
    const harness = await TunnelHarness.open({ holdMs: 60_000 });
    const [one, two] = [harness.connect(), harness.connect()];
    const id = await one.open();
    const poll = one.ask(`/idle/${id}/0`);
    await harness.until(() => harness.tunnel.requests === 2, 'the poll');
    expect((await two.ask(`/send/${id}/1`, Buffer.from('a'))).status).toBe(200);
    expect((await poll).body).toEqual(Buffer.from([1]));
  });

  it('discards what waits when it is destroyed, and tells its writers', async () => {
    const harness = await TunnelHarness.open();
    await harness.connect().open();
    const [owner] = harness.owners;
    let drained = 0;
    owner.channel.write(Buffer.from('abc'), { drained: () => drained++ });
    owner.channel.destroy();
    owner.channel.destroy();
    await harness.until(() => owner.ends === 1, 'the end');
    expect(drained).toBe(1);
    expect(owner.channel.write(Buffer.from('abc'), { drained: () => drained++ })).toBe(true);
    expect(owner.channel).toMatchObject({ takenBytes: 0, unsentBytes: 0, writtenBytes: 3 });
  });
});
