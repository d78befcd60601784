import { RawRtmp, statusOf } from '../rtmp-client.js';
import type { Door } from './encoder.js';

/** Claims wait for up to 25 s, and an answer needs some time more. */
const ANSWER_MS = 40_000;

/** What became of a round: the codes that each contender was told. */
export interface Round {
  readonly winners: number;
  readonly codes: readonly string[];
}

/** Publishers that want the same name at the same time, again and again, over all nodes in turn. */
export class Race {
  #clients: { client: RawRtmp; id: number; door: Door }[] = [];

  private constructor() {}

  /** Connects the contenders. */
  static async start(count: number, doors: readonly Door[]): Promise<Race> {
    const race = new Race();
    race.#clients = await Promise.all(
      Array.from({ length: count }, (_, n) => race.#connected(doors[n % doors.length])),
    );
    return race;
  }

  async #connected(door: Door): Promise<{ client: RawRtmp; id: number; door: Door }> {
    const client = await RawRtmp.connected(door);
    return { client, id: await client.createStream(), door };
  }

  /** All ask at once; when all have been answered, the winner gives the name back. */
  async round(name: string): Promise<Round> {
    this.#clients = await Promise.all(
      this.#clients.map((one) => (one.client.closed ? this.#connected(one.door) : one)),
    );
    const codes = await Promise.all(
      this.#clients.map(async ({ client, id }) => {
        const from = client.received.length;
        client.command(id, 'publish', 0, null, name, 'live');
        const told = await client
          .expect((message) => message.values[0] === 'onStatus', 'an answer', { from, timeoutMs: ANSWER_MS })
          .catch(() => undefined);
        return told === undefined ? 'none' : String(statusOf(told).code).replace('NetStream.Publish.', '');
      }),
    );
    for (const [at, code] of codes.entries()) {
      const { client } = this.#clients[at];
      if (code === 'Start') client.destroy();
      // The answers are no longer needed, and a client keeps all that it receives.
      client.received.length = 0;
    }
    return { winners: codes.filter((code) => code === 'Start').length, codes };
  }

  /** Ends it. */
  stop(): void {
    for (const { client } of this.#clients) client.destroy();
  }
}
