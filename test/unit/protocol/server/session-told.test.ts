import { describe, expect, it } from 'vitest';
import { readAmf } from '../../../support/amf.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';
import { Transcript } from '../../../support/protocol/transcript.js';
import type { WireMessage } from '../../../support/rtmp-wire.js';

/** A peer whose messages are looked at whole. */
class Looked extends ServerPeer {
  readonly messages: WireMessage[] = [];
  readonly #reader = new Transcript();

  override take(actions: Parameters<ServerPeer['take']>[0]): string[] {
    this.messages.push(...this.#reader.messages(actions));
    return super.take(actions);
  }

  /** The information object of the last command, and the message stream it came on. */
  get last(): { readonly id: number; readonly info: unknown } {
    const { messageStreamId, payload } = this.messages.at(-1)!;
    return { id: messageStreamId, info: { ...(readAmf(payload)[3] as object) } };
  }

  announce(capsEx: number): this {
    this.call(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live', capsEx });
    return this;
  }

  request(command: 'publish' | 'play'): this {
    this.call(0, 'createStream', 2, null);
    this.call(1, command, 3, null, 'cam');
    return this;
  }
}

const redirectUrl = 'rtmp://b.example/live';
const description = 'ERR_AUTH_REDIRECTED: use b.example [01J]';

describe('a client that is sent elsewhere', () => {
  it('at connect gets a refusal with ex.code 302 and the URL', () => {
    const peer = new Looked();
    peer.holdsConnects = true;
    peer.announce(0);
    const refusal = { accept: false, code: 'NetConnection.Connect.Rejected', description, redirectUrl } as const;
    expect(peer.answerConnect(refusal)).toEqual([
      '_error(1)@0 error NetConnection.Connect.Rejected',
      '! close ERR_SESSION_CONNECT_REFUSED',
    ]);
    expect(peer.last).toEqual({
      id: 0,
      info: {
        ...{ level: 'error', code: 'NetConnection.Connect.Rejected', description },
        ex: { code: 302, redirect: redirectUrl },
      },
    });
  });

  const answers = {
    publish: (peer: Looked) =>
      peer.take(
        peer.session.answerPublish(
          peer.requestId,
          { accept: false, code: 'NetStream.Publish.Rejected', description, redirectUrl },
          0,
        ),
      ),
    play: (peer: Looked) =>
      peer.take(
        peer.session.answerPlay(
          peer.requestId,
          { accept: false, code: 'NetStream.Play.Failed', description, redirectUrl },
          0,
        ),
      ),
  };

  it.each(['publish', 'play'] as const)('at %s is asked to reconnect there, when it knows how to', (command) => {
    const peer = new Looked().announce(1).request(command);
    const code = `ERR_SESSION_${command.toUpperCase()}_REFUSED`;
    expect(answers[command](peer)).toEqual([
      'onStatus(0)@0 status NetConnection.Connect.ReconnectRequest',
      `! close ${code}`,
    ]);
    expect(peer.last).toEqual({
      id: 0,
      info: { level: 'status', code: 'NetConnection.Connect.ReconnectRequest', description, tcUrl: redirectUrl },
    });
  });

  it.each([
    ['publish', 'NetStream.Publish.Rejected'],
    ['play', 'NetStream.Play.Failed'],
  ] as const)('at %s is refused with the name of the host, when it does not', (command, status) => {
    const peer = new Looked().announce(14).request(command);
    expect(answers[command](peer)[0]).toBe(`onStatus(0)@1 error ${status}`);
    expect(peer.last).toEqual({ id: 1, info: { level: 'error', code: status, description } });
  });
});

describe('a request to connect again', () => {
  it('goes to clients that announced bit 1 of capsEx, with the URL if there is one, and what runs goes on', () => {
    const peer = new Looked().announce(3).request('publish');
    peer.acceptPublish();
    peer.take(peer.session.requestReconnect('rtmp://b.example/live', 'maintenance'));
    const info = {
      ...{ level: 'status', code: 'NetConnection.Connect.ReconnectRequest' },
      ...{ description: 'maintenance', tcUrl: 'rtmp://b.example/live' },
    };
    expect(peer.last).toEqual({ id: 0, info });
    peer.take(peer.session.requestReconnect(undefined, 'maintenance'));
    expect(peer.last.info).toEqual({ level: 'status', code: info.code, description: 'maintenance' });
    expect(peer.session.isPublishing(1)).toBe(true);
  });

  it('goes to nobody else', () => {
    expect(new Looked().announce(14).session.requestReconnect(undefined, '')).toEqual([]);
    expect(new Looked().session.requestReconnect(undefined, '')).toEqual([]);
  });
});
