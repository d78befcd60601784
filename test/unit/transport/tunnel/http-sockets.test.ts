import { describe, expect, it } from 'vitest';
import { TunnelHarness } from '../../../support/transport/tunnel-harness.js';

const ANSWER_BYTES = 65_536;
const BODY = 'Content-Length: 1\r\n\r\n\0';
const request = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\n${BODY}`;

describe('HttpSockets', () => {
  it('closes a connection that does not read its answers in time, and holds few of those sent again', async () => {
    const harness = await TunnelHarness.open({ sessionTimeoutMs: 300_000 });
    const { tunnel } = harness;
    const first = harness.connect();
    const id = await first.open();
    harness.owners[0].channel.send(Buffer.alloc(ANSWER_BYTES - 1));
    await first.ask(`/idle/${id}/0`);
    first.destroy();
    await harness.until(() => tunnel.connections === 0, 'the end of the first');
    // 16 MB of answers, more than the kernel takes on both sides.
    const stuck = harness.raw('').pause();
    stuck.write(request(`/idle/${id}/0`).repeat(250));
    await harness.until(() => tunnel.requests === 252, 'all requests');
    harness.pass(0);
    expect(harness.heldBytes).toBeGreaterThan(ANSWER_BYTES);
    expect(harness.heldBytes).toBeLessThanOrEqual(5 * ANSWER_BYTES);
    expect(tunnel.replays + (tunnel.refusals.get(400) ?? 0)).toBe(250);
    expect(tunnel.replays).toBeLessThan(250);
    harness.pass(29_000);
    expect(tunnel.connections).toBe(1);
    harness.pass(30_100);
    await harness.until(() => tunnel.connections === 0, 'the end of the one that is stuck');
    harness.pass(0);
    expect(harness.heldBytes).toBe(ANSWER_BYTES);
  });

  it('leaves a connection open whose first answer is not there yet, though one behind it is', async () => {
    const harness = await TunnelHarness.open({ sessionTimeoutMs: 300_000 });
    const { tunnel, owners } = harness;
    const id = await harness.connect().open();
    owners[0].channel.pauseReads();
    harness.raw(request(`/send/${id}/0`) + request('/x'));
    await harness.until(() => tunnel.refusals.get(404) === 1, 'both requests');
    harness.pass(30_100);
    // The one that opened the session has had no request since.
    await harness.until(() => tunnel.connections === 1, 'the end of the other');
    harness.pass(60_000);
    expect(tunnel.connections).toBe(1);
  });

  it('tells the loss of a connection to all of its requests, not only to the one that is answered next', async () => {
    const harness = await TunnelHarness.open();
    const { tunnel } = harness;
    const [one, other] = [harness.connect(), harness.connect()];
    const id = await one.open();
    await one.ask(`/send/${id}/0`);
    const lost = harness.raw(request(`/send/${id}/2`) + request(`/send/${id}/3`));
    await harness.until(() => tunnel.requests === 4, 'the early requests');
    lost.destroy();
    await harness.until(() => tunnel.connections === 1, 'the loss');
    // Nobody waits for the request that is missing.
    harness.pass(0);
    harness.pass(2001);
    expect(tunnel.sessions).toBe(1);
    for (const seq of [1, 2, 3]) expect((await other.ask(`/send/${id}/${seq}`)).status).toBe(200);
    expect(harness.owners[0].got).toHaveLength(4);
  });
});
