/**
 * A message of the NATS client protocol with a payload: `PUB`, `HPUB` (to the server), `MSG`, `HMSG` (to the client).
 */
export interface NatsMessage {
  readonly verb: 'PUB' | 'HPUB' | 'MSG' | 'HMSG';
  readonly subject: string;
  /** Headers and body as text. */
  readonly text: string;
}

/** What stands in the byte stream: a message, or any other line. `bytes` is the whole of it as it came. */
export interface NatsFrame {
  readonly bytes: Buffer;
  readonly message?: NatsMessage;
}

const CRLF = '\r\n';

/** Cuts one direction of a NATS connection into lines and messages, well enough to take single ones out. */
export class NatsFrames {
  #held: Buffer = Buffer.alloc(0);

  /** Adds bytes. @returns the frames that are whole now */
  push(chunk: Buffer): NatsFrame[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const out: NatsFrame[] = [];
    for (;;) {
      const lineEnd = this.#held.indexOf(CRLF);
      if (lineEnd < 0) return out;
      const line = this.#held.toString('latin1', 0, lineEnd);
      const [verb, subject] = line.split(' ');
      let end = lineEnd + CRLF.length;
      if (!isVerb(verb)) {
        out.push({ bytes: this.#take(end) });
        continue;
      }
      // The last word of the line is the length of headers and body together, for each of the four.
      const bodyAt = end;
      end += Number(line.slice(line.lastIndexOf(' ') + 1)) + CRLF.length;
      if (this.#held.length < end) return out;
      const bytes = this.#take(end);
      const text = bytes.toString('utf8', bodyAt, end - CRLF.length);
      out.push({ bytes, message: { verb, subject, text } });
    }
  }

  #take(length: number): Buffer {
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return bytes;
  }
}

function isVerb(word: string): word is NatsMessage['verb'] {
  return word === 'PUB' || word === 'HPUB' || word === 'MSG' || word === 'HMSG';
}

/** Whether a message acknowledges a publish to a JetStream stream. */
export function isPubAck(message: NatsMessage, stream = 'SLUICE_EVENTS'): boolean {
  return (
    message.verb.endsWith('MSG') &&
    message.text.startsWith(`{"stream":"${stream}"`) &&
    !message.text.includes('"error"')
  );
}

/** Whether a message publishes an event of a stream. */
export function isEventPublish(message: NatsMessage): boolean {
  return message.verb.endsWith('PUB') && message.subject.includes('.evt.');
}
