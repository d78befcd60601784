import { createHmac } from 'node:crypto';
import { MessageType } from '../../src/protocol/messages/message-types.js';
import { RawClient } from '../hostile/raw-client.js';

/** Milliseconds between two frames. */
const FRAME_MS = 40;
const FRAME_BYTES = 400;
/** First byte of a video message: a keyframe, and a frame that needs others, of a codec without sequence headers. */
const [KEYFRAME, INTERFRAME] = [0x12, 0x22];

/** Where an encoder connects to and from, and what it publishes in the app `live`. */
export interface EncoderPlace {
  readonly port: number;
  /** With its query. */
  readonly name: string;
  readonly localAddress?: string;
}

/** An encoder that sends frames until its connection is closed, and notes when that was. */
export class Encoder {
  /** `performance.now()` at the moment at which its socket was closed. */
  readonly closedMs: Promise<number>;
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
    let frames = 0;
    const timer = setInterval(() => {
      const payload = Buffer.alloc(FRAME_BYTES);
      payload[0] = frames % 25 === 0 ? KEYFRAME : INTERFRAME;
      client.message({ type: MessageType.Video, messageStreamId: 1, timestamp: frames * FRAME_MS, payload });
      frames++;
    }, FRAME_MS);
    this.closedMs = new Promise((resolve) => {
      client.socket.once('close', () => {
        clearInterval(timer);
        resolve(performance.now());
      });
    });
  }

  /** @throws Error when it is refused */
  static async start({ port, name, localAddress = '127.0.0.1' }: EncoderPlace): Promise<Encoder> {
    return new Encoder(await RawClient.publishing({ port, localAddress }, name));
  }

  /** Hangs up. */
  stop(): void {
    this.#client.destroy();
  }
}

/** Tries to publish, and hangs up. @returns `accepted`, or the code of the refusal */
export async function attempt({ port, name, localAddress = '127.0.0.1' }: EncoderPlace): Promise<string> {
  const client = await RawClient.connected({ port, localAddress });
  let text = '';
  client.onBytes = (bytes) => {
    text += bytes.toString('latin1');
  };
  client.createStreams(1);
  client.command(1, 'publish', 3, null, name, 'live');
  await client.says(/NetStream\.Publish\.Start|ERR_[A-Z_]+: /);
  client.destroy();
  return /ERR_[A-Z_]+(?=: )/.exec(text)?.[0] ?? 'accepted';
}

/** A JSON Web Token (HS256) that lets publish until a second. */
export function tokenUntil(expS: number, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { aud: 'sluice', sub: 'bench', exp: expS, sluice: { action: 'publish' } };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
