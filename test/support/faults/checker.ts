import { connect } from 'nats';
import { waitFor } from '../wait.js';
import type { LedgerLine } from './node-under-test.js';

/** One stored message. */
export interface Stored {
  readonly position: number;
  readonly subject: string;
  readonly msgId: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly sequence: string | number;
    readonly streamid: string;
    /** Of events of a relay between nodes, which counts on its own. */
    readonly relayid?: string;
    readonly data: Record<string, unknown>;
  };
}

/** A message of a JetStream stream as it lies there. */
export interface RawMessage {
  readonly position: number;
  readonly subject: string;
  /** When the server took it, milliseconds of its wall clock. */
  readonly timeMs: number;
  readonly body: string;
  readonly header: (name: string) => string;
}

/** How many messages are asked for at once. */
const READ_AHEAD = 64;

/**
 * Reads a whole JetStream stream with nothing but the `nats` package. Asks the stream's leader for one message after
 * the other: a consumer of a replicated stream may live on a replica that is still catching up, and would end too
 * early.
 *
 * @returns what is there, in order; a message that was removed leaves out its position
 */
export async function readMessages(url: string | string[], stream: string): Promise<RawMessage[]> {
  const connection = await connect({ servers: url, timeout: 5000 });
  try {
    const manager = await connection.jetstreamManager({ timeout: 5000, checkAPI: false });
    const { state } = await answered(() => manager.streams.info(stream));
    const out: RawMessage[] = [];
    let next = state.first_seq;
    const reader = async () => {
      while (next <= state.last_seq) {
        const position = next++;
        const message = await answered(() => manager.streams.getMessage(stream, { seq: position }).catch(absent));
        if (message === undefined) continue;
        const { subject, time, header } = message;
        out.push({
          position,
          subject,
          timeMs: time.getTime(),
          body: message.string(),
          header: (name) => header?.get(name) ?? '',
        });
      }
    };
    if (state.messages > 0) await Promise.all(Array.from({ length: READ_AHEAD }, reader));
    return out.sort((a, b) => a.position - b.position);
  } finally {
    await connection.close();
  }
}

/** `undefined` for a message that was removed; every other refusal goes on. */
function absent(error: unknown): undefined {
  if ((error as { code?: string }).code !== '404') throw error;
  return undefined;
}

/** What a stream of events holds, read as {@link readMessages} does. */
export async function readStored(url: string | string[], stream = 'SLUICE_EVENTS'): Promise<Stored[]> {
  return (await readMessages(url, stream)).map(({ position, subject, body, header }) => ({
    position,
    subject,
    msgId: header('Nats-Msg-Id'),
    event: JSON.parse(body) as Stored['event'],
  }));
}

/** Asks again while a cluster is between two leaders: such a request times out or finds nobody, the latter at once. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  const found = await waitFor(
    async () => {
      try {
        return { answer: await ask() };
      } catch (error) {
        const { code } = error as { code?: string };
        if (code !== 'TIMEOUT' && code !== '503') throw error;
        return undefined;
      }
    },
    { timeoutMs: 30_000, everyMs: 100, what: 'an answer from the leader of the stream' },
  );
  return found.answer;
}

/** Options that may differ from case to case. */
export interface Expectation {
  /** Streams that were still open when reading; they need no end. */
  readonly open?: ReadonlySet<string>;
  /** Events may be missing at the front of the stream (it was made anew in between). */
  readonly fragment?: boolean;
}

/**
 * Compares what JetStream holds with what encoders were told. It uses none of the code under test.
 *
 * @returns one sentence for each violation; empty when the contract holds
 */
export function violations(
  stored: readonly Stored[],
  ledgers: readonly (readonly LedgerLine[])[],
  o: Expectation = {},
): string[] {
  const out: string[] = [];
  const ids = new Map<string, number>();
  const subjects = new Set<string>();
  for (const { event, msgId, subject } of stored) {
    ids.set(event.id, (ids.get(event.id) ?? 0) + 1);
    if (msgId !== event.id) out.push(`${event.id}: Nats-Msg-Id is ${msgId}`);
    if (subjects.has(subject)) out.push(`${subject}: stored twice`);
    subjects.add(subject);
  }
  for (const [id, count] of ids) if (count > 1) out.push(`${id}: stored ${count} times`);

  const streams = new Map<string, Stored[]>();
  for (const message of stored) {
    if (!message.subject.includes('.evt.') || message.event.type.endsWith('stream.rejected')) continue;
    const list = streams.get(message.event.streamid) ?? [];
    list.push(message);
    streams.set(message.event.streamid, list);
  }
  for (const [streamId, messages] of streams) checkSession(streamId, messages, o, out);

  const told = new Map<string, string>();
  for (const ledger of ledgers) {
    for (const line of ledger) {
      if (line.id === undefined || !['asked', 'started', 'refused'].includes(line.t)) continue;
      told.set(line.id, line.t);
    }
  }
  for (const [id, answer] of told) {
    const messages = streams.get(id) ?? [];
    const ends = messages.filter((m) => m.event.type === 'io.sluice.stream.ended').length;
    const starts = messages.filter((m) => m.event.type === 'io.sluice.stream.started').length;
    if (answer === 'refused' && messages.length > 0) out.push(`${id}: refused, yet it has ${messages.length} events`);
    if (answer === 'started' && starts !== 1 && o.fragment !== true)
      out.push(`${id}: the encoder was told so, but ${starts} starts are stored`);
    if (answer === 'started' && ends !== 1 && o.open?.has(id) !== true)
      out.push(`${id}: started, but ${ends} ends are stored`);
    if (answer === 'asked' && starts !== ends) out.push(`${id}: ${starts} starts and ${ends} ends`);
  }
  for (const id of streams.keys()) if (!told.has(id)) out.push(`${id}: nobody asked for it`);
  return out;
}

function checkSession(streamId: string, messages: readonly Stored[], o: Expectation, out: string[]): void {
  const types = messages.map((m) => m.event.type.replace('io.sluice.', ''));
  const first = o.fragment === true ? Number(messages[0].event.sequence) : 1;
  messages.forEach((message, i) => {
    if (Number(message.event.sequence) !== first + i)
      out.push(`${streamId}: position ${i} holds sequence ${Number(message.event.sequence)}`);
  });
  if (o.fragment !== true && types[0] !== 'stream.started') out.push(`${streamId}: begins with ${types[0]}`);
  const ready = types.indexOf('stream.ready');
  const ended = types.indexOf('stream.ended');
  if (ended >= 0 && ended !== types.length - 1) out.push(`${streamId}: something follows its end: ${types.join(', ')}`);
  if (ready >= 0 && ended >= 0 && ready > ended) out.push(`${streamId}: ready after ended`);
  if (types.filter((type) => type === 'stream.started').length > 1) out.push(`${streamId}: started twice`);
}
