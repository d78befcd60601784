import type { AmfInput } from '../../../src/protocol/messages/amf0-writer.js';
import type { InboundMessage } from '../../../src/protocol/messages/inbound-message.js';
import type { ConnectAnswer } from '../../../src/protocol/server/answers.js';
import { type Action, ServerSession, type SessionOptions } from '../../../src/protocol/server/session.js';
import { commandMessage } from './messages.js';
import { Transcript } from './transcript.js';

/** A server session with a hand on its clock, answering in transcript lines. */
export class ServerPeer {
  readonly session: ServerSession;
  readonly #transcript = new Transcript();
  nowMs = 1000;
  /** Of the last request. */
  requestId = 0;
  /** Whether connects wait for {@link answerConnect}; else they are accepted at once. */
  holdsConnects = false;
  /** What the last input led to. */
  actions: readonly Action[] = [];

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new ServerSession({ nowMs: this.nowMs, ...options });
  }

  /** Notes the actions and returns their lines. */
  take(actions: readonly Action[]): string[] {
    for (const action of actions) if ('requestId' in action) this.requestId = action.requestId;
    if (actions.at(-1)?.kind === 'connectRequested' && !this.holdsConnects) return this.answerConnect({ accept: true });
    this.actions = actions;
    return this.#transcript.lines(actions);
  }

  answerConnect(answer: ConnectAnswer, requestId = this.requestId): string[] {
    return this.take(this.session.answerConnect(requestId, answer, this.nowMs));
  }

  /** Why messages of the last input went nowhere. */
  get dropped(): string[] {
    return this.actions.flatMap((action) => (action.kind === 'dropped' ? [action.cause] : []));
  }

  message(message: InboundMessage): string[] {
    return this.take(this.session.message(message, this.nowMs));
  }

  /** Sends a command: message stream id, name, transaction id, then command object and arguments. */
  call(messageStreamId: number, ...values: AmfInput[]): string[] {
    return this.message(commandMessage(messageStreamId, ...values));
  }

  acceptPublish(): string[] {
    return this.take(this.session.answerPublish(this.requestId, { accept: true }, this.nowMs));
  }

  acceptPlay(): string[] {
    return this.take(this.session.answerPlay(this.requestId, { accept: true }, this.nowMs));
  }

  connect(app = 'live'): this {
    this.call(0, 'connect', 1, { app, tcUrl: `rtmp://127.0.0.1/${app}` });
    return this;
  }

  /** Connects, creates NetStream 1 and publishes on it. */
  publish(name = 'cam'): this {
    this.connect();
    this.call(0, 'createStream', 2, null);
    this.call(1, 'publish', 3, null, name, 'live');
    this.acceptPublish();
    return this;
  }

  /** Connects, creates NetStream 1 and plays on it. */
  play(name = 'cam'): this {
    this.connect();
    this.call(0, 'createStream', 2, null);
    this.call(1, 'play', 3, null, name);
    this.acceptPlay();
    return this;
  }
}
