import { describe, expect, it } from 'vitest';
import { srsDialect } from '../../../../src/admission/webhook/srs-dialect.js';
import { admissionRequest } from '../../../support/admission/request.js';

const bodyOf = (...parts: Parameters<typeof admissionRequest>) =>
  JSON.parse(srsDialect.body(admissionRequest(...parts)));
const answer = (text: string, status = 200) => srsDialect.read({ status, headers: {}, body: Buffer.from(text) });

const COMMON = {
  server_id: 'n1',
  client_id: '01JCONNECTION',
  ip: '192.0.2.7',
  vhost: '__defaultVhost__',
  app: 'live',
  tcUrl: 'rtmp://in.example/live',
};

describe('the SRS dialect', () => {
  it('asks as on_connect, on_publish and on_play do', () => {
    expect(bodyOf({ question: { action: 'connect', name: '', query: 'a=1' } })).toEqual({
      ...COMMON,
      action: 'on_connect',
      pageUrl: 'https://example/page',
    });
    const stream = { stream: 'cam1', param: '?token=a%2Fb&x', stream_url: '/live/cam1' };
    const query = 'token=a%2Fb&x';
    expect(bodyOf({ question: { query } })).toEqual({ ...COMMON, action: 'on_publish', ...stream });
    expect(bodyOf({ question: { action: 'play', query } })).toEqual({
      ...COMMON,
      action: 'on_play',
      ...stream,
      pageUrl: 'https://example/page',
    });
  });

  it('sends neither query nor secret name when secrets are not to be sent', () => {
    const origin = { sendSecrets: false, isNameKey: () => true };
    expect(bodyOf({ question: { name: 'geheim', query: 'token=geheim' }, origin })).toMatchObject({
      stream: 'masked',
      param: '',
      stream_url: '/live/masked',
    });
  });

  it.each(['0', ' 0\n', '{"code":0}', '{"code":0,"data":{"more":1}}'])('accepts by %s', (text) => {
    expect(answer(text)).toEqual({ decision: 'allow' });
  });

  it.each(['1', '-1', '{"code":403}'])('refuses by %s', (text) => {
    expect(answer(text)).toMatchObject({ decision: 'deny' });
  });

  it.each([
    ['', '', '0 or {"code": 0}'],
    ['<html>', '', '0 or {"code": 0}'],
    ['null', '', 'a whole number'],
    ['"0"', '', 'a whole number'],
    ['{}', '/code', 'a whole number'],
    ['{"code":"0"}', '/code', 'a whole number'],
    ['0.5', '', 'a whole number'],
  ])('cannot use %s', (text, pointer, expected) => {
    expect(answer(text)).toEqual({ decision: 'invalid', pointer, expected });
  });

  it('refuses by status 403 and 404, and has no decision in other failures', () => {
    expect(answer('0', 403)).toMatchObject({ decision: 'deny' });
    expect(answer('0', 404)).toMatchObject({ decision: 'deny' });
    expect(answer('0', 500)).toMatchObject({ decision: 'unavailable', kind: 'status' });
  });
});
