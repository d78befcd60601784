import type { RtmpUrl } from '../client/rtmp-url.js';
import { type AmfInput, writeAmf0 } from '../protocol/messages/amf0-writer.js';
import { ChunkWriter } from '../protocol/messages/chunk-writer.js';
import { pingResponse, readUserControl, setBufferLength, setChunkSize } from '../protocol/messages/control.js';
import { ChunkStreamId, MessageType, UserControlEvent } from '../protocol/messages/message-types.js';

/** What a connection asks of the server. */
export interface Wish {
  readonly mode: 'play' | 'publish';
  readonly url: RtmpUrl;
  /** Stream name, query included. */
  readonly name: string;
  /** Bytes per chunk that we write. */
  readonly chunkSize: number;
}

/** The result of one message for a negotiation. */
type NegotiationStep =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'ready'; readonly messageStreamId: number }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'nothing' };

const NOTHING: NegotiationStep = { kind: 'nothing' };
const CONNECT = 1;
const CREATE_STREAM = 4;
const CODE_KEY = Buffer.from('\u0000\u0004code\u0002', 'latin1');

/**
 * The way from connect to Play.Start or Publish.Start, with as few and as simple messages as any RTMP server accepts.
 * It does no I/O: messages in, bytes out.
 */
export class Negotiation {
  readonly #wish: Wish;
  readonly #writer = new ChunkWriter();
  #messageStreamId = 0;

  constructor(wish: Wish) {
    this.#wish = wish;
  }

  /** Set Chunk Size and connect, to follow C2 in one write. */
  start(): Buffer {
    const { mode, url, chunkSize } = this.#wish;
    const announce = this.#writer.write(setChunkSize(chunkSize));
    this.#writer.setChunkSize(chunkSize);
    const common = { app: url.app, flashVer: 'FMLE/3.0 (compatible; Sluice load)', tcUrl: url.tcUrl };
    const playing = { fpad: false, capabilities: 15, audioCodecs: 4071, videoCodecs: 252, videoFunction: 1 };
    const object = mode === 'publish' ? { type: 'nonprivate', ...common } : { ...common, ...playing };
    return Buffer.concat([announce, this.#command(0, 'connect', CONNECT, object)]);
  }

  /** FCUnpublish (publishers) and deleteStream, so that the server sees an end instead of a lost connection. */
  goodbye(): Buffer {
    const { mode, name } = this.#wish;
    const leave = this.#command(0, 'deleteStream', 7, null, this.#messageStreamId);
    return mode === 'play' ? leave : Buffer.concat([this.#command(0, 'FCUnpublish', 6, null, name), leave]);
  }

  /** Takes one message. */
  message(type: number, payload: Buffer): NegotiationStep {
    switch (type) {
      case MessageType.CommandAmf0:
        return this.#command0(payload);
      case MessageType.UserControl: {
        const control = readUserControl(payload);
        if (control?.event !== UserControlEvent.PingRequest) return NOTHING;
        return { kind: 'send', bytes: this.#writer.write(pingResponse(control.value)) };
      }
      case MessageType.Audio:
      case MessageType.Video:
        // Some servers play without Play.Start.
        if (this.#wish.mode === 'publish' || this.#messageStreamId === 0) return NOTHING;
        return { kind: 'ready', messageStreamId: this.#messageStreamId };
      default:
        return NOTHING;
    }
  }

  #command0(payload: Buffer): NegotiationStep {
    const nameEnd = payload.length < 3 ? 0 : 3 + payload.readUInt16BE(1);
    const name = payload.toString('latin1', 3, nameEnd);
    const transaction = nameEnd > 0 && payload.length >= nameEnd + 9 ? payload.readDoubleBE(nameEnd + 1) : 0;
    if (name === '_error') return transaction === CONNECT || transaction === CREATE_STREAM ? refused(payload) : NOTHING;
    if (name === '_result' && transaction === CONNECT) return { kind: 'send', bytes: this.#create() };
    if (name === '_result' && transaction === CREATE_STREAM) return this.#created(payload, nameEnd + 9);
    if (name === 'onStatus') return this.#status(payload);
    return NOTHING;
  }

  #create(): Buffer {
    const { mode, name } = this.#wish;
    const create = this.#command(0, 'createStream', CREATE_STREAM, null);
    if (mode === 'play') return create;
    return Buffer.concat([
      this.#command(0, 'releaseStream', 2, null, name),
      this.#command(0, 'FCPublish', 3, null, name),
      create,
    ]);
  }

  /** The id is the number after the command object, which is null (1 byte) as a rule. */
  #created(payload: Buffer, at: number): NegotiationStep {
    const numberAt = payload[at] === 5 || payload[at] === 6 ? at + 1 : at;
    if (payload[numberAt] !== 0 || payload.length < numberAt + 9)
      return { kind: 'refused', code: 'createStream without an id' };
    const id = payload.readDoubleBE(numberAt + 1);
    this.#messageStreamId = id;
    const { mode, name } = this.#wish;
    if (mode === 'publish') return { kind: 'send', bytes: this.#command(id, 'publish', 5, null, name, 'live') };
    const play = this.#command(id, 'play', 5, null, name, -2000);
    return { kind: 'send', bytes: Buffer.concat([play, this.#writer.write(setBufferLength(id, 3000))]) };
  }

  #status(payload: Buffer): NegotiationStep {
    const code = statusCode(payload);
    const wanted =
      this.#wish.mode === 'publish'
        ? ['NetStream.Publish.Start']
        : ['NetStream.Play.Start', 'NetStream.Play.PublishNotify'];
    if (wanted.includes(code)) return { kind: 'ready', messageStreamId: this.#messageStreamId };
    return payload.includes('\u0000\u0005level\u0002\u0000\u0005error', 0, 'latin1')
      ? { kind: 'refused', code }
      : NOTHING;
  }

  #command(messageStreamId: number, ...values: readonly AmfInput[]): Buffer {
    return this.#writer.write({
      chunkStreamId: messageStreamId === 0 ? ChunkStreamId.Command : ChunkStreamId.NetStream,
      type: MessageType.CommandAmf0,
      messageStreamId,
      timestamp: 0,
      payload: writeAmf0(...values),
    });
  }
}

function refused(payload: Buffer): NegotiationStep {
  return { kind: 'refused', code: statusCode(payload) };
}

/** The value of the first property `code`, without reading the rest. */
function statusCode(payload: Buffer): string {
  const at = payload.indexOf(CODE_KEY);
  if (at < 0 || payload.length < at + CODE_KEY.length + 2) return 'no code';
  const start = at + CODE_KEY.length + 2;
  return payload.toString('latin1', start, start + payload.readUInt16BE(start - 2));
}
