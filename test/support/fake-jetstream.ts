import { type MsgHdrs, type NatsConnection, NatsError } from 'nats';

/**
 * What the server does with a request instead of serving it: an error of the client, an API error, or nothing at all.
 */
export type Trouble = NatsError | { readonly err_code: number; readonly description: string } | 'silence';

interface Stored {
  readonly subject: string;
  readonly seq: number;
  readonly data: string;
  readonly deleted: boolean;
  /** What its header `Nats-Msg-Id` says. */
  readonly id: string;
}

/** The stream that takes events. */
const EVENTS = 'SLUICE_EVENTS';
/** When everything is stored, as the server tells it. */
const TIME = '2026-01-02T03:04:05Z';

/** Errors as nats.js raises them. */
export const natsErrors = {
  noResponders: () => new NatsError('503', '503'),
  denied: () => new NatsError('Permissions Violation for Publish', 'PERMISSIONS_VIOLATION'),
};

/**
 * As much of JetStream as buckets and the events of lost nodes need, in memory, behind a connection that only makes
 * requests.
 */
export class FakeJetStream {
  /** Subjects of all requests. */
  readonly asked: string[] = [];
  /** Streams by name, each with its messages. */
  readonly streams = new Map<string, Stored[]>();
  /** Decides about each request by its subject. */
  trouble: (subject: string) => Trouble | undefined = () => undefined;
  /** How much later everything but silence comes, milliseconds. */
  delayMs = 0;
  #sequence = 0;
  #forgotten = 0;

  get connection(): NatsConnection {
    const request = (subject: string, data?: Uint8Array | string, o?: { headers?: MsgHdrs; timeout?: number }) =>
      this.#request(subject, data === undefined ? '' : Buffer.from(data).toString('utf8'), o);
    return { request } as unknown as NatsConnection;
  }

  /** The values of a bucket by key. */
  values(bucket: string): Record<string, unknown> {
    const held = (this.streams.get(`KV_${bucket}`) ?? []).filter(({ deleted }) => !deleted);
    return Object.fromEntries(
      held.map(({ subject, data }) => [subject.split('.').slice(2).join('.'), JSON.parse(data)]),
    );
  }

  /** The events that are held, in order, and their subjects. */
  get events(): { readonly subject: string; readonly event: { readonly [key: string]: unknown } }[] {
    const held = [...(this.streams.get(EVENTS) ?? [])].sort((a, b) => a.seq - b.seq);
    return held.map(({ subject, data }) => ({ subject, event: JSON.parse(data) as { [key: string]: unknown } }));
  }

  /** Stores an event as a node would. */
  storeEvent(event: { readonly subject: string; readonly json: Buffer; readonly id: string }): void {
    const messages = this.streams.get(EVENTS) ?? [];
    this.streams.set(EVENTS, messages);
    this.#store(messages, event.subject, JSON.parse(event.json.toString('utf8')) as object, event.id);
  }

  /** Forgets the oldest events, as a server does that keeps them for so long and no longer. */
  forgetEvents(count: number): void {
    this.#forgotten += this.streams.get(EVENTS)?.splice(0, count).length ?? 0;
  }

  /** Writes as another client would. */
  write(bucket: string, key: string, value: object | undefined): void {
    this.#store(this.streams.get(`KV_${bucket}`) ?? [], `$KV.${bucket}.${key}`, value);
  }

  async #request(subject: string, data: string, o?: { headers?: MsgHdrs; timeout?: number }): Promise<unknown> {
    this.asked.push(subject);
    const trouble = this.trouble(subject);
    if (trouble === 'silence') {
      await new Promise((resolve) => setTimeout(resolve, o?.timeout));
      throw new NatsError('TIMEOUT', 'TIMEOUT');
    }
    if (trouble instanceof NatsError) throw trouble;
    const text = JSON.stringify(trouble === undefined ? this.#serve(subject, data, o?.headers) : { error: trouble });
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    return { string: () => text, json: () => JSON.parse(text) as unknown };
  }

  #serve(subject: string, data: string, hdrs: MsgHdrs | undefined): object {
    const [, verb, name] = /^\$JS\.API\.STREAM\.(.+)\.(\w+)$/.exec(subject) ?? [];
    if (verb === undefined || name === undefined) return this.#publish(subject, data, hdrs);
    if (verb === 'CREATE') this.streams.set(name, []);
    const messages = this.streams.get(name);
    if (messages === undefined) return { error: { err_code: 10059, description: 'stream not found' } };
    if (verb === 'PURGE') return this.#purge(name, messages, data);
    if (verb !== 'MSG.GET') return info(name, messages, data, name === EVENTS ? this.#forgotten : 0);
    const wanted = (JSON.parse(data) as { last_by_subj: string }).last_by_subj;
    const found = messages.filter(({ subject }) => matches(wanted, subject)).sort((a, b) => b.seq - a.seq)[0];
    if (found === undefined) return { error: { err_code: 10037, description: 'no message found' } };
    const fields = [
      found.deleted ? 'KV-Operation: DEL\r\n' : '',
      found.id === '' ? '' : `Nats-Msg-Id: ${found.id}\r\n`,
    ];
    const hdrText = `NATS/1.0\r\n${fields.join('')}\r\n`;
    const [body, head] = [found.data, hdrText].map((text) => Buffer.from(text).toString('base64'));
    return { message: { subject: found.subject, seq: found.seq, time: TIME, hdrs: head, data: body } };
  }

  /** Forgets the messages of a subject below a sequence number. */
  #purge(name: string, messages: readonly Stored[], data: string): object {
    const { filter, seq } = JSON.parse(data) as { filter: string; seq: number };
    const kept = messages.filter((message) => message.subject !== filter || message.seq >= seq);
    this.streams.set(name, kept);
    return { success: true, purged: messages.length - kept.length };
  }

  #publish(subject: string, data: string, hdrs: MsgHdrs | undefined): object {
    const name = subject.startsWith('$KV.') ? `KV_${subject.split('.')[1]}` : EVENTS;
    const messages = this.streams.get(name);
    if (messages === undefined) throw natsErrors.noResponders();
    const last = messages.find((message) => message.subject === subject)?.seq ?? 0;
    const expected = hdrs?.get('Nats-Expected-Last-Subject-Sequence') ?? '';
    if (expected !== '' && Number(expected) !== last)
      return { error: { err_code: 10071, description: `wrong last sequence: ${last}` } };
    const isDeletion = hdrs?.get('KV-Operation') === 'DEL';
    const value = isDeletion ? undefined : (JSON.parse(data) as object);
    return { stream: name, seq: this.#store(messages, subject, value, hdrs?.get('Nats-Msg-Id')) };
  }

  /** Replaces what a subject holds; `undefined` leaves a deletion there. */
  #store(messages: Stored[], subject: string, value: object | undefined, id = ''): number {
    const at = messages.findIndex((message) => message.subject === subject);
    const seq = ++this.#sequence;
    const data = value === undefined ? '' : JSON.stringify(value);
    messages.splice(at < 0 ? messages.length : at, at < 0 ? 0 : 1, {
      subject,
      seq,
      data,
      deleted: value === undefined,
      id,
    });
    return seq;
  }
}

/** What the server says of a stream, with the subjects that match a filter. */
function info(name: string, messages: readonly Stored[], data: string, forgotten: number): object {
  const filter = data === '' ? '>' : (JSON.parse(data) as { subjects_filter: string }).subjects_filter;
  const subjects = messages.map(({ subject }) => subject).filter((subject) => matches(filter, subject));
  return {
    config: { name },
    created: '2025-01-01T00:00:00Z',
    total: subjects.length,
    state: {
      messages: messages.length,
      first_seq: forgotten + 1,
      first_ts: TIME,
      subjects: Object.fromEntries(subjects.map((subject) => [subject, 1])),
    },
  };
}

/** Whether a subject matches a filter with wildcards. */
function matches(filter: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = filter.split('.');
  if (wanted.at(-1) !== '>' && wanted.length !== tokens.length) return false;
  return wanted.every((token, i) => (token === '>' ? tokens.length > i : token === '*' || token === tokens[i]));
}
