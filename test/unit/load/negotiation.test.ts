import { describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../../src/client/rtmp-url.js';
import { Negotiation } from '../../../src/load/negotiation.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { pingRequest } from '../../../src/protocol/messages/control.js';

describe('the negotiation', () => {
  const wish = (mode: 'play' | 'publish') => ({
    mode,
    url: parseRtmpUrl('rtmp://host/live/cam'),
    name: 'cam?k=1',
    chunkSize: 4096,
  });
  const result = (transaction: number, value: null | number): Buffer => writeAmf0('_result', transaction, null, value);
  const status = (level: string, code: string): Buffer =>
    writeAmf0('onStatus', 0, null, { level, code, description: 'words' });
  const names = (bytes: Buffer): string[] =>
    bytes.toString('latin1').match(/(?:connect|releaseStream|FCPublish|createStream|publish|play)(?=\0)/g) ?? [];

  it('sends what a publish takes, answer by answer', () => {
    const n = new Negotiation(wish('publish'));
    expect(names(n.start())).toEqual(['connect']);
    const create = n.message(20, result(1, null));
    expect(create.kind === 'send' && names(create.bytes)).toEqual(['releaseStream', 'FCPublish', 'createStream']);
    expect(n.message(20, result(2, null)).kind).toBe('nothing');
    expect(
      n.message(20, writeAmf0('_error', 3, null, { level: 'error', code: 'NetConnection.Call.Failed' })).kind,
    ).toBe('nothing');
    const publish = n.message(20, result(4, 7));
    expect(publish.kind === 'send' && names(publish.bytes)).toEqual(['publish']);
    expect(n.message(20, status('status', 'NetStream.Publish.Start'))).toEqual({ kind: 'ready', messageStreamId: 7 });
  });

  it('plays on Play.Start, or on the first media when the server sends none', () => {
    const n = new Negotiation(wish('play'));
    n.start();
    n.message(20, result(1, null));
    expect(n.message(9, Buffer.alloc(5)).kind).toBe('nothing');
    const play = n.message(20, result(4, 1));
    expect(play.kind === 'send' && names(play.bytes)).toEqual(['play']);
    expect(n.message(20, status('status', 'NetStream.Play.Reset')).kind).toBe('nothing');
    expect(n.message(20, status('status', 'NetStream.Play.Start'))).toEqual({ kind: 'ready', messageStreamId: 1 });
    expect(n.message(9, Buffer.alloc(5))).toEqual({ kind: 'ready', messageStreamId: 1 });
  });

  it('tells the code of a refusal', () => {
    const n = new Negotiation(wish('play'));
    expect(
      n.message(20, writeAmf0('_error', 1, null, { level: 'error', code: 'NetConnection.Connect.Rejected' })),
    ).toEqual({
      kind: 'refused',
      code: 'NetConnection.Connect.Rejected',
    });
    expect(n.message(20, status('error', 'NetStream.Play.StreamNotFound'))).toEqual({
      kind: 'refused',
      code: 'NetStream.Play.StreamNotFound',
    });
  });

  it('answers a ping', () => {
    const step = new Negotiation(wish('play')).message(4, Buffer.from(pingRequest(1000).payload));
    expect(step.kind === 'send' && step.bytes.toString('hex')).toBe('0200000000000604000000000007000003e8');
  });

  it('survives commands that are cut short', () => {
    const n = new Negotiation(wish('play'));
    for (const whole of [result(1, null), result(4, 1), status('error', 'x')]) {
      for (let length = 0; length < whole.length; length++) n.message(20, whole.subarray(0, length));
    }
    expect(n.message(20, Buffer.alloc(0)).kind).toBe('nothing');
  });
});
