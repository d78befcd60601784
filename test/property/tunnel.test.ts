import { describe, expect, it } from 'vitest';
import { seeded } from '../support/random.js';
import type { TunnelAnswer, TunnelConnection } from '../support/transport/tunnel-client.js';
import { TunnelHarness, type TunnelOwner } from '../support/transport/tunnel-harness.js';

const REQUESTS = 60;
/** Requests that a client has under way at once. */
const WINDOW = 5;

/** A client whose network loses, cuts, repeats and reorders, and which sends again whatever was not answered. */
class UnluckyClient {
  readonly sent: Buffer[] = [];
  readonly answers = new Map<number, Buffer>();
  readonly #harness: TunnelHarness;
  readonly #random: () => number;
  readonly #connection: TunnelConnection;
  readonly #id: string;

  constructor(harness: TunnelHarness, id: string, random: () => number) {
    this.#harness = harness;
    this.#random = random;
    this.#id = id;
    // As many as there may be requests: one that waits for another must not keep it from being sent.
    this.#connection = harness.connect(undefined, WINDOW);
  }

  below(most: number): number {
    return Math.floor(this.#random() * most);
  }

  /** Bytes of random length and content. */
  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most) }, () => this.below(256)));
  }

  /** Has one request carried out, however often that takes. */
  async carryOut(seq: number): Promise<void> {
    const isSend = this.#random() < 0.7;
    const body = isSend ? this.bytes(3000) : Buffer.from([0]);
    if (isSend) this.sent[seq] = body;
    const path = `/${isSend ? 'send' : 'idle'}/${this.#id}/${seq}`;
    for (let tries = this.below(3); tries > 0; tries--) await this.#lose(path, body);
    const first = await this.#ask(path, body);
    expect(first.status).toBe(200);
    this.answers.set(seq, first.body);
    if (this.#random() < 0.3) expect((await this.#ask(path, body)).body).toEqual(first.body);
  }

  /** Sends until there is an answer: a request that was thought lost may come later and take its place. */
  async #ask(path: string, body: Buffer): Promise<TunnelAnswer> {
    for (;;) {
      const chunked = this.#random() < 0.3;
      const answer = await this.#connection.ask(path, body, { chunked }).catch(() => undefined);
      if (answer !== undefined) return answer;
    }
  }

  /** Sends a request, or a part of it, on a connection that is lost before an answer is read. */
  async #lose(path: string, body: Buffer): Promise<void> {
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
    const bytes = Buffer.concat([Buffer.from(head), body.subarray(0, this.below(body.length + 1))]);
    const socket = this.#harness.raw(bytes);
    const { requests } = this.#harness.tunnel;
    await this.#harness.until(() => this.#harness.tunnel.requests > requests, 'the request');
    if (this.#random() < 0.5) socket.destroy();
  }
}

/** A reader that stops and goes on at random. */
function readUnsteadily(owner: TunnelOwner, client: UnluckyClient): void {
  owner.reads = 1 + client.below(5);
  owner.stopped = () => void setImmediate(() => owner.readOn(1 + client.below(5)));
}

/** Writes random bytes, which are changed once they have gone. @returns a copy */
function writeOnce(owner: TunnelOwner, client: UnluckyClient): Buffer {
  const bytes = client.bytes(3000);
  const copy = Buffer.from(bytes);
  owner.channel.write(bytes, { drained: () => bytes.fill(0) });
  return copy;
}

describe('the HTTP tunnel', () => {
  it.each(Array.from({ length: 5 }, (_, seed) => seed + 1))(
    'carries every byte once and in order both ways, whatever becomes of its requests (seed %d)',
    async (seed) => {
      const random = seeded(seed);
      const harness = await TunnelHarness.open(
        // Answers that are lost are among the last five or so, which are kept as long as they are not more than this.
        { holdMs: 10, maxAnswerBytes: 60_000, gapTimeoutMs: 60_000 },
        1 + Math.floor(random() * 2000),
      );
      const id = await harness.connect().open();
      const [owner] = harness.owners;
      const client = new UnluckyClient(harness, id, random);
      readUnsteadily(owner, client);
      const written: Buffer[] = [];

      await client.carryOut(0);
      for (let seq = 1; seq < REQUESTS; seq += WINDOW) {
        const order = Array.from({ length: WINDOW }, (_, at) => seq + at).sort(() => random() - 0.5);
        for (let lots = client.below(4); lots > 0; lots--) written.push(writeOnce(owner, client));
        await Promise.all(order.map((each) => client.carryOut(each)));
      }
      const got = (): Buffer => {
        const inOrder = [...client.answers].sort(([a], [b]) => a - b);
        return Buffer.concat(inOrder.map(([, answer]) => answer.subarray(1)));
      };
      const connection = harness.connect();
      for (let seq = 1 + Math.ceil((REQUESTS - 1) / WINDOW) * WINDOW; owner.channel.unsentBytes > 0; seq++)
        client.answers.set(seq, (await connection.ask(`/idle/${id}/${seq}`)).body);

      expect(owner.got.equals(Buffer.concat(client.sent.filter((bytes) => bytes !== undefined)))).toBe(true);
      expect(got().equals(Buffer.concat(written))).toBe(true);
      expect(owner.end).toBeUndefined();
    },
  );

  it('answers or closes whatever comes, and keeps the sessions of others', async () => {
    const harness = await TunnelHarness.open();
    const random = seeded(99);
    const good = harness.connect();
    const id = await good.open();
    const parts = [
      'POST',
      'GET',
      'CONNECT',
      ' ',
      '/open/1',
      `/send/${id.slice(1)}/0`,
      '/fcs/ident2',
      ' HTTP/1.1',
      ' HTTP/1.0',
    ];
    const more = [
      '\r\n',
      '\r\n\r\n',
      'Host: a',
      'Content-Length: 5',
      'Content-Length: -1',
      'Transfer-Encoding: chunked',
    ];
    const odd = [
      '5\r\nabcde\r\n0\r\n\r\n',
      'Expect: 100-continue',
      'Upgrade: websocket',
      'Connection: upgrade',
      '\0',
      '\x16\x03',
    ];
    const all = [...parts, ...more, ...odd];
    const ends = Array.from({ length: 150 }, () => {
      const pieces = Array.from(
        { length: 1 + Math.floor(random() * 12) },
        () => all[Math.floor(random() * all.length)],
      );
      const socket = harness.raw(Buffer.from(pieces.join(''), 'latin1'));
      return new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
        socket.resume().end();
      });
    });
    await Promise.all(ends);
    await good.ask(`/send/${id}/0`, Buffer.from('ab'));
    expect(harness.owners[0].got.toString()).toBe('ab');
    await harness.until(() => harness.tunnel.connections === 1, 'the others to be gone');
  });
});
