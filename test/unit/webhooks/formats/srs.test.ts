import { describe, expect, it } from 'vitest';
import { srs } from '../../../../src/webhooks/formats/srs.js';
import { CASES, NODE, STREAM, told } from '../../../support/webhooks/format-cases.js';

const COMMON = {
  ...{ server_id: 'n1', service_id: NODE.bootId, vhost: '__defaultVhost__', app: 'live', stream: 'cam', param: '' },
  ...{ stream_url: '/live/cam', stream_id: STREAM },
};

describe('the form of SRS', () => {
  it.each([
    ['started', 'on_publish', 'publisher', '192.0.2.7', 'rtmp://h/live'],
    ['ended', 'on_unpublish', 'publisher', '192.0.2.7', 'rtmp://h/live'],
    ['playStarted', 'on_play', 'player', '198.51.100.1', ''],
    ['playEnded', 'on_stop', 'player', '198.51.100.1', ''],
  ] as const)('%s is %s', (which, action, client_id, ip, tcUrl) => {
    const body = JSON.parse(srs.body(told(CASES[which]), CASES.started.data).toString('utf8')) as object;
    const page = action === 'on_play' ? { pageUrl: '' } : {};
    expect(body).toEqual({ ...COMMON, action, client_id, ip, tcUrl, ...page });
  });

  it('tells what it can of an end whose start the journal no longer has', () => {
    const body = JSON.parse(srs.body(told(CASES.ended), undefined).toString('utf8')) as object;
    expect(body).toMatchObject({ action: 'on_unpublish', client_id: 'newest', ip: '', tcUrl: '', stream: 'cam' });
  });

  it('has no form for other events', () => {
    expect(
      ['stream.ready', 'stream.rejected', 'node.ready', 'toString'].filter((t) => srs.tells(`io.sluice.${t}`)),
    ).toEqual([]);
    expect(srs.tells('io.sluice.stream.ended')).toBe(true);
  });

  it.each([
    ['0', true],
    [' 0\n', true],
    ['{"code":0}', true],
    ['{"code":0,"data":null}', true],
    ['1', false],
    ['{"code":1}', false],
    ['{"code":"0"}', false],
    ['', false],
    ['OK', false],
    ['null', false],
    ['[0]', false],
  ])('is taken by the answer %j: %s', (body, expected) => expect(srs.isTaken(Buffer.from(body))).toBe(expected));
});
