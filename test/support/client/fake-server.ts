import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import * as C from '../../../assembly/constants.js';
import { ServerHandshake } from '../../../src/protocol/handshake/handshake.js';
import { ChunkWriter } from '../../../src/protocol/messages/chunk-writer.js';
import { setChunkSize } from '../../../src/protocol/messages/control.js';
import { type Action, ServerSession } from '../../../src/protocol/server/session.js';
import { ChunkCodec, Status } from '../../../src/wasm/chunk-codec.js';

/** A media or data message as the server got it. */
export interface Got {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Buffer;
}

/** What a test decides. */
export interface FakePolicy {
  /** Answers publish and play; accept when absent. */
  readonly refuse?: {
    readonly code: 'NetStream.Publish.BadName' | 'NetStream.Play.StreamNotFound';
    readonly description: string;
  };
  /** Takes TCP connections and says nothing. */
  readonly mute?: boolean;
  /** Answers with these bytes instead of a handshake. */
  readonly babble?: Buffer;
}

/** A fake server that is stopped when the test is over. */
export async function startFake(policy?: FakePolicy): Promise<FakeServer> {
  const fake = await FakeServer.start(policy);
  onTestFinished(() => fake.stop());
  return fake;
}

/** A small RTMP server out of the server session: keeps what publishers send, lets a test feed players by hand. */
export class FakeServer {
  readonly got: Got[] = [];
  readonly actions: Action[] = [];
  readonly peers: FakePeer[] = [];
  readonly policy: FakePolicy;
  readonly #server: Server;
  #changed: () => void = () => {};

  private constructor(policy: FakePolicy) {
    this.policy = policy;
    this.#server = createServer((socket) => this.peers.push(new FakePeer(socket, this)));
  }

  static async start(policy: FakePolicy = {}): Promise<FakeServer> {
    const fake = new FakeServer(policy);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  url(path: string): string {
    return `rtmp://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  /** Resolves when `condition` holds; it is looked at after everything that arrives. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  changed(): void {
    this.#changed();
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One connection of a {@link FakeServer}. */
export class FakePeer {
  readonly socket: Socket;
  readonly #fake: FakeServer;
  readonly #codec = new ChunkCodec({ limits: { outChunkSize: 0xffffff } });
  readonly #session = new ServerSession({ nowMs: 0 });
  readonly #handshake = new ServerHandshake({ entropy: Buffer.alloc(1528, 7), nowMs: 0 });
  readonly #writer = new ChunkWriter();
  #isShaken = false;
  playing = 0;

  constructor(socket: Socket, fake: FakeServer) {
    this.socket = socket;
    this.#fake = fake;
    socket.on('error', () => {});
    socket.on('close', () => fake.changed());
    if (fake.policy.mute === true) return;
    socket.on('data', (bytes: Buffer) => {
      if (fake.policy.babble === undefined) this.#read(bytes);
      else socket.write(fake.policy.babble);
      fake.changed();
    });
  }

  /** Sends one message to the player, with a tiny chunk size so that it spans many chunks. */
  play(type: number, timestamp: number, payload: Uint8Array): void {
    this.socket.write(
      this.#writer.write({
        chunkStreamId: type === 8 ? 4 : 6,
        type,
        messageStreamId: this.playing,
        timestamp,
        payload,
      }),
    );
  }

  /** Ends the stream the way the server does. */
  end(stays: boolean): void {
    this.#perform(this.#session.publisherGone(this.playing, { stays }));
  }

  /** Refuses the running publish. */
  kick(description: string): void {
    this.#perform(
      this.#session.end(1, { status: 'NetStream.Publish.Rejected', code: 'ERR_SESSION_KICKED', description }),
    );
  }

  #read(bytes: Buffer): void {
    let at = 0;
    while (!this.#isShaken && at < bytes.length) {
      const result = this.#handshake.read(bytes.subarray(at));
      at += result.consumed;
      if (result.status === 'reply') this.socket.write(result.reply);
      this.#isShaken = result.status === 'done';
    }
    while (at < bytes.length) {
      const size = bytes.copy(this.#codec.input, 0, at);
      at += size;
      this.#chunks(size);
    }
  }

  #chunks(size: number): void {
    let status = this.#codec.next(0, size);
    for (;;) {
      this.#media();
      if (status < 0) throw this.#codec.error(status);
      if (status === Status.NeedInput) return;
      if (status === Status.Message) this.#perform(this.#session.message(this.#codec.message, 0));
      status = this.#codec.next(0, 0);
    }
  }

  #media(): void {
    const codec = this.#codec;
    const batch = Buffer.alloc(codec.batchBytes);
    codec.copyBatch(batch, 0);
    for (let i = 0; i < codec.batchCount; i++) {
      const record = codec.records.subarray(i * C.RECORD_WORDS, (i + 1) * C.RECORD_WORDS);
      const end = record[C.RECORD_OFFSET]! + record[C.RECORD_FRAMED_BYTES]!;
      const payload = batch.subarray(end - record[C.RECORD_PAYLOAD_BYTES]!, end);
      this.#fake.got.push({
        type: record[C.RECORD_TYPE_FLAGS]! & 255,
        timestamp: record[C.RECORD_TIMESTAMP]!,
        payload,
      });
    }
  }

  #perform(actions: readonly Action[]): void {
    for (const action of actions) {
      this.#fake.actions.push(action);
      if (action.kind === 'send') this.socket.write(action.bytes);
      else if (action.kind === 'connectRequested')
        this.#perform(this.#session.answerConnect(action.requestId, { accept: true }, 0));
      else if (action.kind === 'publishRequested') this.#answerPublish(action.requestId);
      else if (action.kind === 'playRequested') this.#answerPlay(action.requestId, action.messageStreamId);
      else if (action.kind === 'data')
        this.#fake.got.push({ type: 18, timestamp: action.timestamp, payload: action.payload });
      else if (action.kind === 'close') this.socket.end();
    }
  }

  #answerPublish(requestId: number): void {
    const { refuse } = this.#fake.policy;
    const answer =
      refuse?.code === 'NetStream.Publish.BadName'
        ? ({ accept: false, code: refuse.code, description: refuse.description } as const)
        : ({ accept: true } as const);
    this.#perform(this.#session.answerPublish(requestId, answer, 0));
    if (answer.accept) this.#codec.setPublishing(true);
  }

  #answerPlay(requestId: number, messageStreamId: number): void {
    const { refuse } = this.#fake.policy;
    const answer =
      refuse?.code === 'NetStream.Play.StreamNotFound'
        ? ({ accept: false, code: refuse.code, description: refuse.description } as const)
        : ({ accept: true } as const);
    this.#perform(this.#session.answerPlay(requestId, answer, 0));
    if (!answer.accept) return;
    this.playing = messageStreamId;
    this.#writer.setChunkSize(60_000);
    this.socket.write(this.#writer.write(setChunkSize(1000)));
    this.#writer.setChunkSize(1000);
  }
}
