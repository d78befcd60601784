import type { AmfObject } from '../../../src/wasm/amf-value.js';
import { type Amf, amf, EcmaArray } from '../amf.js';
import { RawRtmp, type Received } from '../rtmp-client.js';
import { basicHeader, fmt0 } from '../rtmp-wire.js';
import { waitFor } from '../wait.js';

const COMMAND = 20;
const SET_CHUNK_SIZE = 1;
/** OBS announces it before connect. */
const CHUNK_SIZE = 4096;
/** Chunk streams of librtmp: commands of the connection, and everything of a stream. */
const CONNECTION = 3;
const STREAM = 4;

/** Statuses at which OBS's librtmp closes the connection. It shows their description. */
const CLOSING = [
  'NetStream.Failed',
  'NetStream.Play.Failed',
  'NetStream.Play.StreamNotFound',
  'NetConnection.Connect.InvalidApp',
  'NetStream.Publish.Rejected',
  'NetStream.Publish.Denied',
  'NetStream.Publish.BadName',
];

/** What is published, and where from. */
interface LibObsOptions {
  readonly port: number;
  readonly app: string;
  /** Stream key of OBS: the name, with its query. */
  readonly key: string;
  readonly localAddress?: string;
  /** Members of connect besides OBS's own. */
  readonly extra?: Readonly<Record<string, Amf>>;
}

/**
 * The sequence of messages that OBS's librtmp sends to publish, byte by byte in its chunk streams and header formats,
 * and what it makes of the answers: it goes on after each `_result` that it waits for, prints descriptions of errors,
 * and closes at certain statuses.
 */
export class LibObs {
  readonly client: RawRtmp;
  readonly #o: LibObsOptions;
  /** Names of the commands that wait for an answer, by transaction. */
  readonly #calls = new Map<number, string>();
  #lastCall = 0;
  #handled = 0;
  /** Of createStream. */
  streamId = -1;
  /** Whether Publish.Start has come: from then on OBS sends, and reads nothing but acknowledgements. */
  isPublishing = false;
  /** What librtmp prints of errors. */
  readonly printed: string[] = [];
  /** The status at which it closes, if one came before Publish.Start. */
  closedBy: string | undefined;

  private constructor(client: RawRtmp, options: LibObsOptions) {
    this.client = client;
    this.#o = options;
  }

  /** Connects, and follows the answers until it publishes, or the server has closed the connection. */
  static async publish(options: LibObsOptions): Promise<LibObs> {
    const { port, localAddress } = options;
    const client = await RawRtmp.shaken({ port, ...(localAddress === undefined ? {} : { localAddress }) });
    const obs = new LibObs(client, options);
    obs.#connect();
    await waitFor(() => obs.#follow(), { what: () => `a start or the end; got ${client.describe()}` });
    return obs;
  }

  /** Messages that the server has sent, in order. */
  get received(): readonly Received[] {
    return this.client.received;
  }

  /** Sends metadata, and the given video and audio, as OBS does at the start of a stream. */
  sendMedia(video: Uint8Array, audio: Uint8Array): void {
    const metadata = new EcmaArray({
      width: 1280,
      height: 720,
      videocodecid: 7,
      audiocodecid: 10,
      encoder: 'obs-output',
    });
    this.#whole(18, amf('@setDataFrame', 'onMetaData', metadata));
    this.#whole(9, video);
    this.#whole(8, audio);
  }

  #connect(): void {
    const { app, extra } = this.#o;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(CHUNK_SIZE);
    this.client.send(fmt0(2, { length: 4, type: SET_CHUNK_SIZE }), size);
    const tcUrl = this.#tcUrl();
    const object = {
      app,
      type: 'nonprivate',
      flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
      swfUrl: tcUrl,
      tcUrl,
      ...extra,
    };
    const payload = amf('connect', this.#call('connect'), object);
    this.client.send(fmt0(CONNECTION, { length: payload.length, type: COMMAND }), payload);
  }

  #tcUrl(): string {
    return `rtmp://127.0.0.1:${this.#o.port}/${this.#o.app}`;
  }

  /** Takes what has come. @returns whether there is nothing more to wait for */
  #follow(): boolean {
    for (; this.#handled < this.received.length && !this.isPublishing; this.#handled++) {
      const message = this.received[this.#handled]!;
      if (message.type === COMMAND) this.#take(message);
    }
    return this.isPublishing || this.client.closed;
  }

  #take({ values }: Received): void {
    const [method, transaction] = values;
    const called = this.#calls.get(transaction as number);
    if (method === '_result' && called === 'connect') {
      this.#small('releaseStream', this.#o.key);
      this.#small('FCPublish', this.#o.key);
      this.#small('createStream');
    }
    if (method === '_result' && called === 'createStream') {
      this.streamId = values[3] as number;
      const payload = amf('publish', this.#call('publish'), null, this.#o.key, 'live');
      this.#whole(COMMAND, payload);
    }
    if (method === 'onBWDone') this.#small('_checkbw');
    // Of an error librtmp reads the fourth value, and of that code and description.
    const info = (values[3] ?? {}) as AmfObject;
    const { code, description } = info;
    if (method === '_error' && called === 'connect') this.printed.push(String(description));
    if (method !== 'onStatus') return;
    if (code === 'NetStream.Publish.Start') this.isPublishing = true;
    if (!CLOSING.includes(String(code))) return;
    this.closedBy ??= String(code);
    this.printed.push(`${this.#tcUrl()}:\n${String(code)} (${String(description)})`);
  }

  #call(method: string): number {
    this.#lastCall += 1;
    this.#calls.set(this.#lastCall, method);
    return this.#lastCall;
  }

  /** A command on the connection: a header of type 1, which names no message stream. */
  #small(method: string, ...args: string[]): void {
    const payload = amf(method, this.#call(method), null, ...args);
    const head = Buffer.alloc(7);
    head.writeUIntBE(payload.length, 3, 3);
    head.writeUInt8(COMMAND, 6);
    this.client.send(basicHeader(1, CONNECTION), head, payload);
  }

  /** A message of the stream in one chunk. */
  #whole(type: number, payload: Uint8Array): void {
    this.client.send(fmt0(STREAM, { length: payload.length, type, messageStreamId: this.streamId }), payload);
  }
}
