import type { EventType, SluiceEvent } from '../../events/event-types.js';
import type { JsMsg } from '../../events/nats.js';
import { validateEvent } from '../../events/validate.js';
import type { StreamPattern } from './pattern.js';
import { SeenIds } from './seen-ids.js';

type Verb<T extends EventType> = T extends `io.sluice.stream.${infer V}` ? V : never;

/**
 * What to call for which event of a stream: `started`, `ready`, `ended` … by the verb of `stream.*`, `event` for every event,
 * `play.*` included. A handler may be asynchronous: the event counts as handled, and is acknowledged, when it resolves.
 */
export type StreamHandlers = {
  readonly [V in Verb<EventType>]?: (event: SluiceEvent<`io.sluice.stream.${V}` & EventType>) => unknown;
} & { readonly event?: (event: SluiceEvent) => unknown };

/** How a subscription behaves. */
export interface SubscriptionOptions {
  /** Tries of an event whose handler throws, the first included; then `onError` is told and the event is given up. Default 5. */
  readonly attempts?: number;
  /** Told of events that are invalid or whose handler keeps failing. Default: prints one line to standard error. */
  readonly onError?: (error: Error, event: unknown) => void;
}

/** Messages as a consumer gives them, with a way to stop. */
export interface MessageSource extends AsyncIterable<JsMsg> {
  stop(): void;
}

const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;

/** A running `onStream`. Events are handled one after the other, so that those of a stream come in order. */
export class StreamSubscription {
  readonly #source: MessageSource;
  readonly #pattern: StreamPattern;
  readonly #handlers: StreamHandlers;
  readonly #attempts: number;
  readonly #onError: (error: Error, event: unknown) => void;
  readonly #seen = new SeenIds(10_000);
  readonly #done: Promise<void>;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(source: MessageSource, pattern: StreamPattern, handlers: StreamHandlers, o: SubscriptionOptions) {
    this.#source = source;
    this.#pattern = pattern;
    this.#handlers = handlers;
    this.#attempts = o.attempts ?? 5;
    this.#onError = o.onError ?? ((error) => void process.stderr.write(`sluice/client: ${error.message}\n`));
    this.#done = this.#run();
  }

  /** Resolves when the subscription has ended, by {@link stop} or with the connection. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Stops: the event being handled is finished and acknowledged, later ones stay with the server. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    this.#source.stop();
    await this.#done;
  }

  async #run(): Promise<void> {
    for await (const message of this.#source) {
      // What was fetched but not handled goes back at once instead of after the acknowledgement's time.
      if (this.#stopped) message.nak();
      else await this.#handle(message);
    }
  }

  async #handle(message: JsMsg): Promise<void> {
    let event: SluiceEvent;
    try {
      event = message.json<SluiceEvent>();
    } catch (error) {
      this.#onError(error as Error, message.string());
      message.term();
      return;
    }
    const findings = validateEvent(event);
    if (findings.length > 0) {
      this.#onError(new Error(`${event.id}: ${findings.join('; ')}`), event);
      message.term();
      return;
    }
    if (this.#seen.has(event.id) || !this.#isMeant(event)) {
      message.ack();
      return;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#call(event);
        break;
      } catch (error) {
        if (attempt >= this.#attempts) {
          this.#onError(error as Error, event);
          message.term();
          return;
        }
        // Tried again here rather than sent back: behind it wait later events of the same stream.
        message.working();
        await this.#pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
        if (this.#stopped) {
          message.nak();
          return;
        }
      }
    }
    this.#seen.add(event.id);
    message.ack();
  }

  #isMeant(event: SluiceEvent): boolean {
    const data = event.data as { app?: string; name?: string };
    return this.#pattern.matches(data.app ?? '', data.name ?? '');
  }

  async #call(event: SluiceEvent): Promise<void> {
    await this.#handlers.event?.(event);
    const [entity, verb] = event.type.slice('io.sluice.'.length).split('.');
    if (entity !== 'stream') return;
    const handler = (this.#handlers as Readonly<Record<string, ((e: SluiceEvent) => unknown) | undefined>>)[verb];
    await handler?.(event);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
