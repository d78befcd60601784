import { connect, type NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import { AnswerTimeout } from '../../src/nats/answer-timeout.js';
import { JsError } from '../../src/nats/jetstream.js';
import { StreamMaker } from '../../src/nats/stream-maker.js';
import type { NatsProcess } from '../support/faults/nats-process.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { waitFor } from '../support/wait.js';

const ROUNDS = 3;
const MESSAGES = 50;
const patient = { timeoutMs: 60_000 };
const CONFIG = { name: 'REMADE', subjects: ['remade.>'], storage: 'file' } as const;

async function user({ url }: NatsProcess): Promise<NatsConnection> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  afterwards(() => connection.close());
  return connection;
}

it('a stream that is made again while it is being deleted keeps what it acknowledges (nats-server 2.9.10)', async () => {
  const server = await broker('2.9.10');
  const operator = await (await user(server)).jetstreamManager();
  const connection = await user(server);
  const maker = new StreamMaker(CONFIG.name, new AnswerTimeout(5000, 20_000));
  await maker.make(connection, CONFIG);
  for (let round = 1; round <= ROUNDS; round++) {
    const publishing = connection.jetstream();
    const put = (kind: string) =>
      Promise.all(Array.from({ length: MESSAGES }, (_, i) => publishing.publish(`remade.${kind}.${round}.${i}`)));
    await put('old');
    const deleted = operator.streams.delete(CONFIG.name);
    // The first question that finds the stream missing is asked while its files are still there, more often than not.
    await waitFor(async () => {
      const info = await maker.info(connection);
      return !info.ok && info.code === JsError.StreamNotFound && (await maker.make(connection, CONFIG)).ok;
    }, patient);
    await deleted;
    await put('new');
    await server.kill();
    await server.start();
    const { state } = await waitFor(() => operator.streams.info(CONFIG.name).catch(() => undefined), patient);
    expect(state.messages, `round ${round}`).toBe(MESSAGES);
  }
});
