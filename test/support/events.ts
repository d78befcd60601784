import { connect, type NatsConnection } from 'nats';
import { waitFor } from './wait.js';

/** A lifecycle event as received: the CloudEvents envelope and where it was seen. */
export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly specversion: string;
  readonly sequence?: string | number;
  readonly streamid?: string;
  readonly data: Record<string, unknown>;
  /** NATS subject or SSE event name it came under. */
  readonly via?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Events in order of arrival, with waiting. */
export class EventList {
  readonly all: SeenEvent[] = [];

  /** Types without the `io.sluice.` prefix, of one session when `streamId` is given. */
  types(streamId?: string): string[] {
    return this.all.filter((e) => streamId === undefined || e.streamid === streamId).map((e) => short(e));
  }

  /** Events of one session whose entity is `stream` (no `play.*`), in order. */
  of(streamId: string): SeenEvent[] {
    return this.all.filter((e) => e.streamid === streamId);
  }

  /** Waits for the first event of a type (`stream.ended`) that also passes `match`. */
  async expect(type: string, match: (e: SeenEvent) => boolean = () => true, timeoutMs = 10_000): Promise<SeenEvent> {
    return waitFor(() => this.all.find((e) => short(e) === type && match(e)), {
      timeoutMs,
      what: () => `${type}; saw ${this.all.map(short).join(', ')}`,
    });
  }
}

/** `io.sluice.stream.started` → `stream.started`. */
export function short(event: SeenEvent): string {
  return event.type.replace(/^io\.sluice\./, '');
}

/** Follows the stream and node events on a NATS server through plain subscriptions of its own. */
export class NatsWatcher extends EventList {
  readonly connection: NatsConnection;

  private constructor(connection: NatsConnection) {
    super();
    this.connection = connection;
  }

  static async open(url: string, subjects = ['sluice.v1.evt.>', 'sluice.v1.node.>']): Promise<NatsWatcher> {
    const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const watcher = new NatsWatcher(connection);
    for (const subject of subjects) {
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error !== null) return;
          const headers: Record<string, string> = {};
          for (const [key, values] of message.headers ?? []) headers[key] = values[0];
          watcher.all.push({ ...(JSON.parse(message.string()) as SeenEvent), via: message.subject, headers });
        },
      });
    }
    await connection.flush();
    return watcher;
  }

  /** Everything that the JetStream stream holds under a subject filter, in stored order. */
  async stored(filter = 'sluice.v1.evt.>', stream = 'SLUICE_EVENTS'): Promise<SeenEvent[]> {
    const manager = await this.connection.jetstreamManager();
    const { state } = await manager.streams.info(stream);
    const out: SeenEvent[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq }).catch(() => undefined);
      if (message === undefined || !matches(filter, message.subject)) continue;
      out.push({ ...(JSON.parse(message.string()) as SeenEvent), via: message.subject });
    }
    return out;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}

function matches(filter: string, subject: string): boolean {
  const [f, s] = [filter.split('.'), subject.split('.')];
  return f.every((token, i) => token === '>' || (s[i] !== undefined && (token === '*' || token === s[i])));
}

/** Follows `GET /v1/events` (server-sent events). */
export class SseWatcher extends EventList {
  readonly #stop = new AbortController();
  /** Id of the last event, as `Last-Event-ID` wants it. */
  lastId: string | undefined;

  static async open(url: string, lastEventId?: string): Promise<SseWatcher> {
    const watcher = new SseWatcher();
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
      signal: watcher.#stop.signal,
    });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    void watcher.#read(response.body).catch(() => {});
    return watcher;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#record(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  #record(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const [key, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      fields.set(key, fields.has(key) ? `${fields.get(key)}\n${value}` : value);
    }
    const data = fields.get('data');
    if (data === undefined) return;
    this.lastId = fields.get('id') ?? this.lastId;
    this.all.push({ ...(JSON.parse(data) as SeenEvent), via: fields.get('event') });
  }

  close(): void {
    this.#stop.abort();
  }
}
