import { EventEmitter } from 'node:events';
import type { ChannelOwner } from '../../../src/transport/byte-channel.js';
import { type Exchange, refuse } from '../../../src/transport/tunnel/exchange.js';
import type { HoldQueue } from '../../../src/transport/tunnel/hold-queue.js';
import { readTunnelPath } from '../../../src/transport/tunnel/request-path.js';
import { TunnelSession } from '../../../src/transport/tunnel/session.js';
import { seeded } from '../../support/random.js';
import { type FuzzTarget, same } from '../target.js';

const INTERVALS = new Set([0x00, 0x01, 0x03, 0x05, 0x09, 0x11, 0x21]);
const MOST_AHEAD = 8;

/** The kind and the body of a request are the same whenever it is sent. */
const kindOf = (seq: number): 'send' | 'idle' => (seq % 4 === 3 ? 'idle' : 'send');
const bodyOf = (seq: number): Buffer => Buffer.from(Array.from({ length: (seq * 13) % 50 }, (_, at) => seq * 31 + at));

/** One HTTP request as Node hands it over, with its connection. */
class FakeRequest implements Exchange {
  readonly seq: number;
  readonly request: Exchange['request'];
  readonly response: Exchange['response'];
  readonly heard = (): void => {};
  /** Undefined until there is one. */
  status: number | undefined;
  answer = Buffer.alloc(0);
  isLost = false;
  #hasEnded = false;
  /** Bytes of the body that have come, and those of them that were handed over. */
  #come = 0;
  #read = 0;

  constructor(seq: number) {
    this.seq = seq;
    const socket = { destroy: () => this.lose() };
    const members = { socket, readableLength: 0, pause: () => {}, resume: () => {} };
    this.request = Object.assign(new EventEmitter(), members) as unknown as Exchange['request'];
    const state = { headersSent: false, destroyed: false };
    const response = Object.assign(new EventEmitter(), state, {
      writeHead: (status: number) => {
        this.status = status;
        response.headersSent = true;
      },
      end: (bytes: Buffer | string) => {
        this.answer = Buffer.from(bytes as Buffer);
        response.emit('close');
      },
    });
    this.response = response as unknown as Exchange['response'];
  }

  /** More of its body comes, or the rest and its end. */
  send(count: number): void {
    this.#come += count;
  }

  /** Hands over what has come, once somebody reads. */
  flow(): void {
    if (this.isLost || this.#hasEnded || this.request.listenerCount('data') === 0) return;
    const whole = bodyOf(this.seq);
    const bytes = whole.subarray(this.#read, this.#come);
    this.#read += bytes.length;
    if (bytes.length > 0) this.request.emit('data', bytes);
    if (this.isLost || this.#come <= whole.length) return;
    this.#hasEnded = true;
    this.request.emit('end');
  }

  lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    Object.assign(this.response, { destroyed: true });
    this.response.emit('close');
  }
}

/** A session, its reader and its client, which do what the bytes of an input say. */
class Play {
  readonly #got: Buffer[] = [];
  readonly #written: Buffer[] = [];
  readonly #requests: FakeRequest[] = [];
  #due: (() => void)[] = [];
  #nowMs = 0;
  #isOver = false;
  #first: number | undefined;
  readonly #session: TunnelSession;

  readonly #ended = (): void => {
    this.#isOver = true;
  };

  constructor() {
    const options = { sessionTimeoutMs: 20_000, gapTimeoutMs: 3000, maxAnswerBytes: 64, maxRequestBytes: 1000 };
    const hold = { add: (due: () => void) => this.#due.push(due) } as unknown as HoldQueue;
    this.#session = new TunnelSession(
      'id',
      { transport: 'rtmpt', localAddress: '', localPort: 1, remoteAddress: '', remotePort: 2 },
      { options, nowMs: () => this.#nowMs, hold, refuse, ended: this.#ended },
    );
    const into = Buffer.alloc(16);
    const owner: ChannelOwner = {
      buffer: () => into,
      read: (count) => this.#got.push(Buffer.from(into.subarray(0, count))) > 0,
      closed: () => {},
    };
    this.#session.channel.open(owner);
  }

  step(what: number, arg: number): void {
    if (this.#isOver) return;
    const { channel } = this.#session;
    const request = this.#requests[arg % Math.max(1, this.#requests.length)];
    if (what === 0) this.#arrive(this.#lowest + (arg % MOST_AHEAD));
    else if (what === 1) request?.send(1 + (arg >> 4));
    else if (what === 2) request?.send(Number.POSITIVE_INFINITY);
    else if (what === 3) request?.lose();
    else if (what === 4) this.#write(arg, (bytes) => channel.write(bytes, { drained: () => bytes.fill(0) }));
    else if (what === 5) this.#write(arg, (bytes) => channel.send(bytes));
    else if (what === 6) for (const due of this.#due.splice(0)) due();
    else {
      this.#nowMs += arg;
      this.#session.tick(this.#nowMs);
    }
    for (const each of this.#requests) each.flow();
  }

  /** @throws Error when bytes were lost, changed, repeated or out of order */
  check(): void {
    const answered = this.#requests.filter(({ status }) => status === 200);
    const answers = new Map<number, Buffer>();
    for (const { seq, answer } of answered) {
      same(answer.toString('hex'), (answers.get(seq) ?? answer).toString('hex'), 'answers to one request');
      if (!INTERVALS.has(answer[0] ?? 0xff)) throw new Error(`${answer[0]} is no interval`);
      answers.set(seq, answer);
    }
    const inOrder = [...answers].sort(([a], [b]) => a - b).map(([, answer]) => answer.subarray(1));
    const told = Buffer.concat(inOrder).toString('hex');
    same(told, Buffer.concat(this.#written).toString('hex').slice(0, told.length), 'bytes to the client');
    const last = Math.max(-1, ...answers.keys());
    const first = this.#first ?? 0;
    const bodies = (to: number): string =>
      Array.from({ length: Math.max(0, to - first) }, (_, at) => first + at)
        .map((seq) => (kindOf(seq) === 'send' ? bodyOf(seq).toString('hex') : ''))
        .join('');
    const got = Buffer.concat(this.#got).toString('hex');
    same(got, bodies(last + MOST_AHEAD + 2).slice(0, got.length), 'bytes to the server');
    if (got.length < bodies(last + 1).length) throw new Error(`${got} lacks bytes of request ${last}`);
  }

  /** The least number that was not answered. */
  get #lowest(): number {
    let lowest = this.#first ?? 0;
    while (this.#requests.some(({ seq, status }) => seq === lowest && status === 200)) lowest++;
    return lowest;
  }

  #arrive(seq: number): void {
    this.#first ??= seq;
    const request = new FakeRequest(seq);
    this.#requests.push(request);
    this.#session.take(kindOf(seq), seq, request);
  }

  #write(count: number, write: (bytes: Buffer) => void): void {
    const bytes = Buffer.from(Array.from({ length: count }, (_, at) => count + at));
    this.#written.push(Buffer.from(bytes));
    write(bytes);
  }
}

function samples(seed: number): Uint8Array[] {
  const next = seeded(seed);
  const steps = Array.from({ length: 60 }, () => [Math.floor(next() * 7), Math.floor(next() * 256)]);
  return [Uint8Array.from(steps.flat()), Buffer.from('/send/abc/1'), Buffer.from(`/idle/${'a'.repeat(62)}/4294967296`)];
}

/** Sessions of RTMPT, whose requests are lost, cut, repeated and reordered as the input says; and paths. */
export const tunnel: FuzzTarget = {
  name: 'tunnel',
  what: 'RTMPT: requests in any order and number of tries against the bytes that were sent; paths of requests',
  sources: ['/src/transport/tunnel/'],
  maxBytes: 400,
  tokens: [Buffer.from('/open/1'), Buffer.from('/send/'), Buffer.from('/close/a/0')],
  samples,
  run: (input) => {
    const path = Buffer.from(input).toString('latin1');
    const asked = readTunnelPath(path);
    if (asked !== undefined && asked.kind !== 'open')
      same(`/${asked.kind}/${asked.id}/${asked.seq}`, plain(path), 'a path');
    const play = new Play();
    for (let at = 0; at + 1 < input.length; at += 2) play.step(input[at]! % 8, input[at + 1]!);
    play.check();
  },
};

/** A path whose number has no zeros before it. */
function plain(path: string): string {
  return path.replace(/\/0+(?=\d)/g, '/');
}
