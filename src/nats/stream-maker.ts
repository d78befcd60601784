import type { AnswerTimeout } from './answer-timeout.js';
import type { NatsConnection } from './connection.js';
import { type ApiAnswer, JsError, jsRequest, type StreamConfig, type StreamInfo } from './jetstream.js';

/** A known stream has to be missing in this many answers, one after the other, before it is made again. */
export const MISSING_ANSWERS = 8;
/** Time between two of these requests, in ms. */
export const MISSING_PAUSE_MS = 250;

/**
 * Finds a stream and makes it. A stream that this process has seen is made again only after the server has said several
 * times that it is missing: nats-server removes a stream from its table first and its folder afterwards (`stream.stop`
 * in its `stream.go`, 2.9 to 2.12). A stream of the same name that is made in between loses its files with the old one.
 * 2.9.10 then acknowledges messages that are gone at its next start, or refuses all that come; 2.10.27, which moves the
 * folder away at once, was only seen to refuse. Answers are counted instead of seconds, because a server that stands
 * still removes nothing meanwhile.
 */
export class StreamMaker {
  readonly #name: string;
  readonly #answerTimeout: AnswerTimeout;
  #wasThere = false;

  /** @param name the stream's name; @param answerTimeout how long answers are waited for */
  constructor(name: string, answerTimeout: AnswerTimeout) {
    this.#name = name;
    this.#answerTimeout = answerTimeout;
  }

  /** Asks for the stream. `StreamNotFound` is returned only when it may be made now. Never rejects. */
  async info(connection: NatsConnection): Promise<ApiAnswer<StreamInfo>> {
    let info = await this.#ask(connection);
    for (let answers = 1; this.#wasThere && isMissing(info) && answers < MISSING_ANSWERS; answers++) {
      await new Promise((resolve) => setTimeout(resolve, MISSING_PAUSE_MS));
      info = await this.#ask(connection);
    }
    if (info.ok) this.#wasThere = true;
    return info;
  }

  /** Makes the stream. Never rejects. */
  async make(connection: NatsConnection, config: StreamConfig): Promise<ApiAnswer<StreamInfo>> {
    const made = await jsRequest<StreamInfo>(connection, `STREAM.CREATE.${this.#name}`, config, this.#answerTimeout, 3);
    if (made.ok) this.#wasThere = true;
    return made;
  }

  #ask(connection: NatsConnection): Promise<ApiAnswer<StreamInfo>> {
    return jsRequest<StreamInfo>(connection, `STREAM.INFO.${this.#name}`, undefined, this.#answerTimeout);
  }
}

function isMissing(info: ApiAnswer<StreamInfo>): boolean {
  return !info.ok && info.code === JsError.StreamNotFound;
}
