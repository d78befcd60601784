import { describe, expect, it } from 'vitest';
import type { ClientAction } from '../../../../src/protocol/client/actions.js';
import { ClientSession, type ClientSessionOptions } from '../../../../src/protocol/client/session.js';
import { CLIENT_TABLE, type ClientInput, type ClientState } from '../../../../src/protocol/client/transitions.js';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import type { InboundMessage } from '../../../../src/protocol/messages/inbound-message.js';
import type { Action } from '../../../../src/protocol/server/session.js';
import { readAmf } from '../../../support/amf.js';
import { commandMessage, dataMessage, hex, inbound, u32, userControl } from '../../../support/protocol/messages.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';
import { Transcript } from '../../../support/protocol/transcript.js';
import { WireReader } from '../../../support/rtmp-wire.js';

class Client {
  readonly session: ClientSession;
  readonly isPublisher: boolean;
  readonly #transcript = new Transcript();

  constructor(options: Partial<ClientSessionOptions> = {}) {
    const base = { mode: 'publish', app: 'live', tcUrl: 'rtmp://host/live', name: 'cam' } as const;
    this.session = new ClientSession({ ...base, ...options });
    this.isPublisher = options.mode !== 'play';
  }

  take(actions: readonly ClientAction[]): string[] {
    return this.#transcript.lines(actions);
  }
  start(): string[] {
    return this.take(this.session.start(0));
  }
  message(message: InboundMessage): string[] {
    return this.take(this.session.message(message));
  }
  call(messageStreamId: number, ...values: AmfInput[]): string[] {
    return this.message(commandMessage(messageStreamId, ...values));
  }
  status(code: string, level = 'status', messageStreamId = 1): string[] {
    return this.call(messageStreamId, 'onStatus', 0, null, { level, code, description: 'd' });
  }
  /** Up to the publish or play command. */
  request(): this {
    this.start();
    this.call(0, '_result', 1, {}, { code: 'NetConnection.Connect.Success' });
    this.call(0, '_result', this.isPublisher ? 4 : 2, null, 1);
    return this;
  }
  run(): this {
    this.request().status(this.isPublisher ? 'NetStream.Publish.Start' : 'NetStream.Play.Start');
    return this;
  }
  static player(): Client {
    return new Client({ mode: 'play' });
  }
}

describe('a publishing client', () => {
  it('goes connect, Set Chunk Size, releaseStream, FCPublish, createStream, publish, and ends with deleteStream', () => {
    const client = new Client();
    expect(client.start()).toEqual(['connect(1)@0 {app,flashVer,tcUrl,type}']);
    expect(client.call(0, '_result', 1, { fmsVer: 'x' }, { code: 'NetConnection.Connect.Success' })).toEqual([
      'Set Chunk Size 60000',
      'releaseStream(2)@0 cam',
      'FCPublish(3)@0 cam',
      'createStream(4)@0',
    ]);
    expect(client.call(0, '_error', 2, null, { level: 'error' })).toEqual([]);
    expect(client.call(0, '_error', 3, null, { level: 'error' })).toEqual([]);
    expect(client.call(0, 'onFCPublish', 0, null, { code: 'NetStream.Publish.Start' })).toEqual([]);
    expect(client.call(0, '_result', 4, null, 7)).toEqual(['publish(5)@7 cam live']);
    expect(client.status('NetStream.Publish.Start', 'status', 0)).toEqual([
      '! status level=status code=NetStream.Publish.Start description=d',
      '! ready messageStreamId=7',
    ]);
    expect(client.session.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
    expect(client.take(client.session.stop())).toEqual([
      'FCUnpublish(6)@0 cam',
      'deleteStream(7)@0 7',
      '! close undefined',
    ]);
    expect(client.session.stop()).toEqual([]);
  });

  it('reports a busy name as rejected and closes', () => {
    expect(new Client().request().status('NetStream.Publish.BadName', 'error')).toEqual([
      '! status level=error code=NetStream.Publish.BadName description=d',
      '! rejected code=NetStream.Publish.BadName description=d',
      '! close ERR_CLIENT_REJECTED',
    ]);
  });

  it('reports a refused connect with where to go instead', () => {
    const client = new Client();
    client.start();
    const ex = { code: 302, redirect: 'rtmp://other/live' };
    expect(client.call(0, '_error', 1, null, { level: 'error', code: 'NetConnection.Connect.Rejected', ex })).toEqual([
      '! rejected code=NetConnection.Connect.Rejected description= redirect=rtmp://other/live',
      '! close ERR_CLIENT_REJECTED',
    ]);
  });

  it('refuses a createStream reply without a usable id', () => {
    for (const id of [0, -1, 1.5, 'x', null, undefined, 2 ** 32]) {
      const client = new Client();
      client.start();
      client.call(0, '_result', 1, null, null);
      expect(client.call(0, '_result', 4, null, id).at(-1)).toBe('! close ERR_CLIENT_REJECTED');
    }
  });

  it('reports the end when it is thrown out while publishing', () => {
    expect(new Client().run().status('NetStream.Publish.Rejected', 'error')[1]).toBe(
      '! ended code=NetStream.Publish.Rejected description=d',
    );
    expect(new Client().run().call(0, 'close', 0, null)).toEqual(['! close ERR_CLIENT_ENDED']);
  });

  it('frames media on its own lanes and puts @setDataFrame before onMetaData', () => {
    const client = new Client().run();
    const decoder = new WireReader();
    decoder.read(hex('02 000000 000004 01 00000000 0000EA60'));
    const read = (type: number, payload: Buffer) => decoder.read(client.session.frame(type, 40, payload))[0]!;
    expect(read(8, hex('AF01'))).toMatchObject({ chunkStreamId: 4, type: 8, timestamp: 40, messageStreamId: 1 });
    expect(read(9, Buffer.alloc(5000))).toMatchObject({ chunkStreamId: 6, type: 9 });
    const metadata = read(18, writeAmf0('onMetaData', { a: 1 }));
    expect(readAmf(metadata.payload).slice(0, 2)).toEqual(['@setDataFrame', 'onMetaData']);
    expect(readAmf(read(18, writeAmf0('onFI', 1)).payload)).toEqual(['onFI', 1]);
  });

  it('gives up when nothing is answered in time', () => {
    const client = new Client({ timeoutMs: 1000 });
    client.start();
    expect(client.session.nextDeadlineMs()).toBe(1000);
    expect(client.session.tick(999)).toEqual([]);
    expect(client.take(client.session.tick(1000))).toEqual(['! close ERR_CLIENT_TIMEOUT']);
  });
});

describe('a playing client', () => {
  it('goes connect, type 5, createStream, play with start -2000, SetBufferLength', () => {
    const client = Client.player();
    expect(client.start()).toEqual([
      'connect(1)@0 {app,flashVer,tcUrl,fpad,capabilities,audioCodecs,videoCodecs,videoFunction}',
    ]);
    expect(client.call(0, '_result', 1, {}, {})).toEqual(['Window Ack Size 2500000', 'createStream(2)@0']);
    expect(client.call(0, '_result', 2, null, 1)).toEqual(['play(3)@1 cam -2000', 'SetBufferLength 1']);
    expect(client.status('NetStream.Play.Reset')).toHaveLength(1);
    expect(client.status('NetStream.Play.Start')[1]).toBe('! ready messageStreamId=1');
    expect(client.message(dataMessage(1, 7, 'onMetaData', { a: 1 }))).toEqual(['! data timestamp=7 name=onMetaData']);
    expect(client.take(client.session.stop())).toEqual(['deleteStream(4)@0 1', '! close undefined']);
  });

  it('takes media as the start when there is no Play.Start', () => {
    const client = Client.player().request();
    expect(client.take(client.session.mediaReceived())).toEqual(['! ready messageStreamId=1']);
    expect(client.session.mediaReceived()).toEqual([]);
  });

  for (const code of ['NetStream.Play.Stop', 'NetStream.Play.UnpublishNotify']) {
    it(`reports the end once at ${code}, and ready again at PublishNotify`, () => {
      const client = Client.player().run();
      expect(client.status(code)[1]).toBe(`! ended code=${code} description=d`);
      expect(client.status(code)).toHaveLength(1);
      expect(client.status('NetStream.Play.PublishNotify')[1]).toBe('! ready messageStreamId=1');
    });
  }

  it('reports the end at onPlayStatus Play.Complete', () => {
    const complete = dataMessage(1, 0, 'onPlayStatus', { level: 'status', code: 'NetStream.Play.Complete' });
    expect(Client.player().run().message(complete)[1]).toContain('! ended code=NetStream.Play.Complete');
  });

  it('goes on after a failed seek', () => {
    const client = Client.player().run();
    expect(client.status('NetStream.Seek.Failed', 'error')).toHaveLength(1);
    expect(client.session.state).toBe('running');
  });

  it('passes a reconnect request on', () => {
    const client = Client.player().run();
    const info = { level: 'status', code: 'NetConnection.Connect.ReconnectRequest', tcUrl: '/other' };
    expect(client.call(0, 'onStatus', 0, null, info)[1]).toBe('! reconnectRequested tcUrl=/other');
  });
});

describe('any client', () => {
  it('answers pings, acknowledges by type 5, and answers type 6 with type 5 once', () => {
    const client = new Client().run();
    expect(client.message(inbound(4, 0, userControl(6, 99)))).toEqual(['Pong 99']);
    expect(client.message(inbound(5, 0, u32(10_000)))).toEqual([]);
    expect(client.take(client.session.received(6000))).toEqual(['Acknowledgement 6000']);
    expect(client.message(inbound(6, 0, u32(2_500_000, 2)))).toEqual(['Window Ack Size 2500000']);
    expect(client.message(inbound(6, 0, u32(2_500_000, 2)))).toEqual([]);
  });

  it('ignores replies nobody waits for, unknown commands and unreadable bytes', () => {
    const client = new Client().run();
    expect(client.call(0, '_result', 99, null, 1)).toEqual([]);
    expect(client.call(0, '_result', 1, null, 1)).toEqual([]);
    expect(client.call(0, 'onBWDone', 0, null, 8192)).toEqual([]);
    expect(client.call(0, 'onStatus', 0)).toHaveLength(1);
    for (const type of [4, 5, 6, 18, 20]) expect(client.message(inbound(type, 0, hex('02')))).toEqual([]);
    expect(client.session.state).toBe('running');
  });

  it('has a cell for each state and input, and nothing leads out of closed', () => {
    const inputs = Object.keys(CLIENT_TABLE.new) as ClientInput[];
    for (const state of Object.keys(CLIENT_TABLE) as ClientState[]) {
      expect(Object.keys(CLIENT_TABLE[state]).sort()).toEqual([...inputs].sort());
      for (const input of inputs) {
        const { to, effect } = CLIENT_TABLE[state][input];
        if (effect === 'ignore' || state === 'closed') expect([effect, to]).toEqual(['ignore', state]);
      }
    }
  });
});

describe('client and server sessions talking to each other', () => {
  /** Carries bytes both ways until nobody has anything to say; the server's owner accepts whatever is asked. */
  function talk(client: Client, server: ServerPeer): { client: string[]; server: string[] } {
    const seen = { client: [] as string[], server: [] as string[] };
    const toServer = new WireReader();
    const toClient = new WireReader();
    const clientQueue: ClientAction[] = client.session.start(0);
    const serverQueue: Action[] = [];
    while (clientQueue.length + serverQueue.length > 0) {
      const ours = clientQueue.shift();
      if (ours?.kind === 'send') {
        for (const m of toServer.read(ours.bytes)) {
          serverQueue.push(...server.session.message(inbound(m.type, m.messageStreamId, m.payload), 1000));
        }
      } else if (ours !== undefined) seen.client.push(ours.kind);
      const theirs = serverQueue.shift();
      if (theirs?.kind === 'send') {
        for (const m of toClient.read(theirs.bytes)) {
          clientQueue.push(...client.session.message(inbound(m.type, m.messageStreamId, m.payload)));
        }
      } else if (theirs !== undefined) {
        seen.server.push(theirs.kind);
        if (theirs.kind === 'connectRequested') {
          serverQueue.push(...server.session.answerConnect(theirs.requestId, { accept: true }, 1000));
        } else if (theirs.kind === 'publishRequested') {
          serverQueue.push(...server.session.answerPublish(theirs.requestId, { accept: true }, 1000));
        } else if (theirs.kind === 'playRequested') {
          serverQueue.push(...server.session.answerPlay(theirs.requestId, { accept: true }, 1000));
        }
      }
    }
    return seen;
  }

  it('agree on a publish', () => {
    const server = new ServerPeer();
    const seen = talk(new Client(), server);
    expect(seen).toEqual({
      client: ['status', 'ready'],
      server: ['connectRequested', 'connected', 'publishRequested'],
    });
    expect(server.session.isPublishing(1)).toBe(true);
  });

  it('agree on a play', () => {
    const seen = talk(Client.player(), new ServerPeer());
    expect(seen).toEqual({
      client: ['status', 'status', 'ready', 'data'],
      server: ['connectRequested', 'connected', 'playRequested'],
    });
  });
});

describe('a client of shared objects', () => {
  const objects = (): { session: ClientSession; joined: ClientAction[] } => {
    const session = new ClientSession({ mode: 'objects', app: 'live', tcUrl: 'rtmp://host/live', name: '' });
    session.start(0);
    const answer = commandMessage(0, '_result', 1, {}, { code: 'NetConnection.Connect.Success' });
    return { session, joined: session.message(answer) };
  };

  it('is ready once it is connected, and makes no stream', () => {
    const { session, joined } = objects();
    expect([joined.map(({ kind }) => kind), session.state]).toEqual([['send', 'ready'], 'running']);
    expect(session.stop().map(({ kind }) => kind)).toEqual(['close']);
  });

  it('hands messages about objects on, and frames those that are sent', () => {
    const { session } = objects();
    const payload = hex('0004 63686174 00000007 00000000 00000000 08 00000000');
    const message = { name: 'chat', version: 7, isPersistent: false, events: [{ kind: 'clear' }] };
    expect(session.message(inbound(19, 0, payload))).toEqual([{ kind: 'sharedObject', message }]);
    expect(session.message(inbound(16, 0, hex('00')))).toEqual([]);
    expect(session.frameObject(payload).toString('hex')).toBe(
      `03000000000017130000 0000${payload.toString('hex')}`.replace(' ', ''),
    );
  });
});

describe('a client that is a node of a cluster', () => {
  const hello = { nodeId: 'edge', bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', ticket: 'a.b', path: ['edge'] };
  const answer = {
    ...{ v: 1, nodeId: 'origin', bootId: hello.bootId, streamId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CE' },
    ...{ epoch: 3, registry: '2026-11-27T02:00:00Z', hops: 1 },
  };

  it('says so in its connect', () => {
    const [start] = new Client({ mode: 'play', hello }).session.start(0);
    const [message] = new WireReader().read(start?.kind === 'send' ? start.bytes : Buffer.alloc(0));
    const [, , object] = readAmf(message!.payload);
    expect((object as Record<string, unknown>)['sluice']).toEqual({ v: 1, ...hello, window: 'relay' });
  });

  it('reads the answer of the other node', () => {
    const client = new Client({ mode: 'play', hello });
    client.start();
    const [first] = client.session.message(commandMessage(0, '_result', 1, {}, { code: 'x', sluice: answer }));
    const { nodeId, bootId, streamId, hops } = answer;
    const node = { nodeId, bootId, streamId, hops, epoch: { registry: answer.registry, revision: 3 } };
    expect(first).toEqual({ kind: 'welcomed', node });
  });

  it.each([[{ ...answer, hops: 'one' }], [undefined]])('takes %j for the answer of an ordinary server', (sluice) => {
    const client = new Client({ mode: 'play', hello });
    client.start();
    const actions = client.session.message(commandMessage(0, '_result', 1, {}, { code: 'x', sluice }));
    expect(actions.map(({ kind }) => kind)).toEqual(['send', 'send']);
  });

  it('tells of the answer once', () => {
    const client = new Client({ mode: 'play', hello }).run();
    expect(client.call(0, '_result', 1, {}, { code: 'x', sluice: answer })).toEqual([]);
  });

  it('frames pings, whose time has 32 bits', () => {
    const [message] = new WireReader().read(Client.player().session.framePing(2 ** 32 + 5.5));
    expect(message).toMatchObject({ type: 4, messageStreamId: 0, payload: Buffer.from('000600000005', 'hex') });
  });
});
