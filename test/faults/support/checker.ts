import { connect } from 'nats';
import type { LedgerLine } from './node-under-test.js';

/** One stored message. */
export interface Stored {
  readonly position: number;
  readonly subject: string;
  readonly msgId: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly sequence: number;
    readonly streamid: string;
    readonly data: Record<string, unknown>;
  };
}

/** Reads a whole JetStream stream with nothing but the `nats` package. */
export async function readStored(url: string, stream = 'SLUICE_EVENTS'): Promise<Stored[]> {
  const connection = await connect({ servers: url, timeout: 5000 });
  try {
    const manager = await connection.jetstreamManager({ timeout: 10_000 });
    const { state } = await manager.streams.info(stream);
    const out: Stored[] = [];
    if (state.messages === 0) return out;
    const inbox = `_CHECK.${process.pid}.${Date.now()}`;
    const subscription = connection.subscribe(inbox);
    await manager.consumers.add(stream, {
      deliver_subject: inbox,
      deliver_policy: 'all' as never,
      ack_policy: 'none' as never,
      replay_policy: 'instant' as never,
      inactive_threshold: 60e9,
    });
    for await (const message of subscription) {
      // $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>
      const tokens = (message.reply ?? '').split('.');
      out.push({
        position: Number(tokens[5]),
        subject: message.subject,
        msgId: message.headers?.get('Nats-Msg-Id') ?? '',
        event: JSON.parse(message.string()) as Stored['event'],
      });
      if (Number(tokens[8]) === 0) break;
    }
    return out;
  } finally {
    await connection.close();
  }
}

/** What may differ from case to case. */
export interface Expectation {
  /** Streams that were still open when reading; they need no end. */
  readonly open?: ReadonlySet<string>;
  /** Events may be missing at the front of the stream (it was made anew in between). */
  readonly fragment?: boolean;
}

/**
 * Compares what JetStream holds with what encoders were told. Knows nothing of the code under test.
 *
 * @returns one sentence per violation; empty when the contract holds
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
  const first = o.fragment === true ? messages[0].event.sequence : 1;
  messages.forEach((message, i) => {
    if (message.event.sequence !== first + i)
      out.push(`${streamId}: position ${i} holds sequence ${message.event.sequence}`);
  });
  if (o.fragment !== true && types[0] !== 'stream.started') out.push(`${streamId}: begins with ${types[0]}`);
  const ready = types.indexOf('stream.ready');
  const ended = types.indexOf('stream.ended');
  if (ended >= 0 && ended !== types.length - 1) out.push(`${streamId}: something follows its end: ${types.join(', ')}`);
  if (ready >= 0 && ended >= 0 && ready > ended) out.push(`${streamId}: ready after ended`);
  if (types.filter((type) => type === 'stream.started').length > 1) out.push(`${streamId}: started twice`);
}
