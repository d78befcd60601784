import { NatsError } from 'nats';
import { describe, expect, it } from 'vitest';
import { ConsumerKeeper, type ConsumerWish } from '../../../../src/client/events/durable.js';
import { streamPattern } from '../../../../src/events/consume/pattern.js';
import type { NatsConnection } from '../../../../src/nats/connection.js';

interface Consumer {
  readonly config: { readonly durable_name?: string; readonly opt_start_seq?: number };
  /** Position up to which everything is acknowledged. */
  floor: number;
}

/** One stream that can be made anew, and its consumers, behind a connection. */
class FakeStream {
  created = 'first';
  last = 0;
  readonly consumers = new Map<string, Consumer>();
  /** Verbs of all requests, and of what is published. */
  readonly asked: string[] = [];
  /** Called before a request is served; `lost` has the answer of what is carried out lost. */
  before: (verb: string) => 'lost' | undefined = () => undefined;
  #names = 0;

  get connection(): NatsConnection {
    return {
      request: (subject: string, data?: string) => this.#request(subject, data),
      publish: (subject: string) => void this.#serve(this.#verb(subject), subject, undefined),
      isClosed: () => false,
      isDraining: () => false,
    } as unknown as NatsConnection;
  }

  /** Deletes the stream with its consumers and makes it anew. */
  remake(last: number): void {
    this.created = `${this.created} again`;
    this.last = last;
    this.consumers.clear();
  }

  #verb(subject: string): string {
    const verb = /^\$JS\.API\.(STREAM\.INFO|CONSUMER\.INFO|CONSUMER\.DELETE|CONSUMER\.)/.exec(subject)?.[1] ?? '';
    const whole = verb === 'CONSUMER.' ? 'CONSUMER.CREATE' : verb;
    this.asked.push(whole);
    return whole;
  }

  async #request(subject: string, data: string | undefined): Promise<unknown> {
    const verb = this.#verb(subject);
    const fate = this.before(verb);
    const answer = this.#serve(verb, subject, data);
    if (fate === 'lost') throw new NatsError('TIMEOUT', 'TIMEOUT');
    return { json: () => structuredClone(answer) };
  }

  #serve(verb: string, subject: string, data: string | undefined): object {
    const name = subject.split('.').at(-1)!;
    if (verb === 'STREAM.INFO') {
      return { created: this.created, state: { messages: this.last, first_seq: 1, last_seq: this.last, last_ts: '' } };
    }
    if (verb === 'CONSUMER.DELETE') return { success: this.consumers.delete(name) };
    if (verb === 'CONSUMER.CREATE') {
      const { config } = JSON.parse(data!) as { config: Consumer['config'] };
      const made = config.durable_name ?? `unnamed-${++this.#names}`;
      this.consumers.set(made, { config, floor: (config.opt_start_seq ?? 1) - 1 });
      return this.#info(made);
    }
    return this.consumers.has(name) ? this.#info(name) : { error: { err_code: 10014, description: 'not found' } };
  }

  #info(name: string): object {
    const { config, floor } = this.consumers.get(name)!;
    return { name, config, num_pending: 0, ack_floor: { stream_seq: floor } };
  }
}

function keeperOf(server: FakeStream, wish: Partial<ConsumerWish> = {}): ConsumerKeeper {
  const all: ConsumerWish = {
    stream: 'S',
    pattern: streamPattern('*', 'sluice.v1'),
    durable: 'one',
    from: 'all',
    ackWaitMs: 1000,
    inFlight: 1,
    onConflict: 'refuse',
    ...wish,
  };
  return new ConsumerKeeper(server.connection, all, new AbortController().signal);
}

/** Where the consumers at the server begin. */
const starts = ({ consumers }: FakeStream) => [...consumers.values()].map(({ config }) => config.opt_start_seq);

describe.each(['one', undefined])('what keeps the consumer (%s) there', (durable) => {
  /** A subscription that has settled everything of a stream with 50 messages. */
  async function caughtUp(): Promise<{ server: FakeStream; keeper: ConsumerKeeper }> {
    const server = new FakeStream();
    server.last = 50;
    const keeper = keeperOf(server, { durable });
    await keeper.open();
    keeper.settled(50);
    return { server, keeper };
  }

  it('makes it anew behind what is settled when only the consumer was deleted', async () => {
    const { server, keeper } = await caughtUp();
    server.consumers.clear();
    await expect(keeper.restore(() => undefined)).resolves.toBe('consumer_remade');
    expect(starts(server)).toEqual([51]);
    expect(server.consumers.has(keeper.name)).toBe(true);
  });

  it.each(['CONSUMER.INFO', 'CONSUMER.CREATE'])(
    'reads a stream from its beginning that was made anew just before %s was answered',
    async (moment) => {
      const { server, keeper } = await caughtUp();
      server.consumers.clear();
      server.before = (verb) => {
        if (verb === moment && server.created === 'first') server.remake(7);
        return undefined;
      };
      await expect(keeper.restore(() => undefined)).resolves.toBe('stream_remade');
      expect(starts(server)).toEqual([1]);
      expect(server.consumers.has(keeper.name)).toBe(true);
      expect(keeper.floor).toBe(0);
    },
  );

  it('reads it from its beginning when the answer to a request of before was lost, too', async () => {
    const { server, keeper } = await caughtUp();
    server.consumers.clear();
    server.before = (verb) => {
      if (verb !== 'CONSUMER.CREATE' || server.created !== 'first') return undefined;
      server.remake(7);
      return 'lost';
    };
    await expect(keeper.restore(() => undefined)).resolves.toBe('stream_remade');
    expect(server.consumers.get(keeper.name)?.config.opt_start_seq).toBe(1);
    expect(keeper.floor).toBe(0);
  });

  it('tells that the stream is another one also when that was seen in a try that failed', async () => {
    const { server, keeper } = await caughtUp();
    server.remake(7);
    let failures = 1;
    server.before = (verb) => (verb === 'CONSUMER.INFO' && failures-- > 0 ? 'lost' : undefined);
    await expect(keeper.restore(() => undefined)).resolves.toBe('stream_remade');
    expect(starts(server)).toEqual([1]);
    await expect(keeper.restore(() => undefined)).resolves.toBe('found');
  });

  it('learns nothing from a consumer that begins in the wrong place', async () => {
    const { server, keeper } = await caughtUp();
    server.consumers.clear();
    let hasAsked = false;
    server.before = (verb) => {
      if (verb === 'CONSUMER.CREATE' && server.created === 'first') {
        // Longer than what was settled of the old one, whose end it would seem to have lost otherwise.
        server.remake(90);
        return 'lost';
      }
      if (verb === 'CONSUMER.INFO' && server.consumers.size > 0 && !hasAsked) {
        hasAsked = true;
        void keeper.learn();
      }
      return undefined;
    };
    await keeper.restore(() => undefined);
    expect(server.consumers.get(keeper.name)?.config.opt_start_seq).toBe(1);
    expect(keeper.floor).toBe(0);
    // It learns again once it has the right one.
    server.consumers.get(keeper.name)!.floor = 5;
    await keeper.learn();
    expect(keeper.floor).toBe(5);
  });

  it('begins with the first message of a stream that is made anew while it is opened', async () => {
    const server = new FakeStream();
    server.last = 50;
    server.before = (verb) => {
      if (verb === 'CONSUMER.CREATE' && server.created === 'first') server.remake(7);
      return undefined;
    };
    const keeper = keeperOf(server, { durable, from: 'new' });
    await keeper.open();
    expect(starts(server)).toEqual([1]);
    expect(server.consumers.has(keeper.name)).toBe(true);
  });
});

describe('a durable consumer that others share', () => {
  it('is left where another process has made it, after the stream was made anew', async () => {
    const server = new FakeStream();
    server.last = 50;
    const keeper = keeperOf(server);
    await keeper.open();
    keeper.settled(50);
    server.consumers.clear();
    await keeper.restore(() => undefined);
    expect(starts(server)).toEqual([51]);
    server.remake(7);
    server.consumers.set('one', { config: { durable_name: 'one', opt_start_seq: 5 }, floor: 6 });
    await expect(keeper.restore(() => undefined)).resolves.toBe('stream_remade');
    expect(starts(server)).toEqual([5]);
    expect(server.asked).not.toContain('CONSUMER.DELETE');
  });
});
