import { describe, expect, it } from 'vitest';
import { nginxRtmpDialect } from '../../../../src/admission/webhook/nginx-rtmp-dialect.js';
import { admissionRequest } from '../../../support/admission/request.js';

const formOf = (...parts: Parameters<typeof admissionRequest>) =>
  Object.fromEntries(new URLSearchParams(nginxRtmpDialect.body(admissionRequest(...parts))));
const answer = (status: number, location?: string) =>
  nginxRtmpDialect.read({ status, headers: location === undefined ? {} : { location }, body: Buffer.from('') });

const COMMON = {
  app: 'live',
  flashver: 'FMLE/3.0',
  swfurl: 'rtmp://in.example/a.swf',
  tcurl: 'rtmp://in.example/live',
  pageurl: 'https://example/page',
  addr: '192.0.2.7',
  clientid: '01JCONNECTION',
};

describe('the nginx-rtmp dialect', () => {
  it('asks as on_connect, on_publish and on_play do, with the query’s parameters', () => {
    const query = 'token=a%2Fb&user=x';
    const args = { token: 'a/b', user: 'x' };
    expect(formOf({ question: { action: 'connect', name: '', query } })).toEqual({
      ...COMMON,
      call: 'connect',
      epoch: '0',
      ...args,
    });
    expect(formOf({ question: { query } })).toEqual({
      ...COMMON,
      call: 'publish',
      name: 'cam1',
      type: 'live',
      ...args,
    });
    expect(formOf({ question: { action: 'play', query } })).toEqual({
      ...{ ...COMMON, call: 'play', name: 'cam1', start: '0', duration: '0', reset: '0' },
      ...args,
    });
  });

  it('lets no parameter of a client stand for one of the server', () => {
    const form = nginxRtmpDialect.body(
      admissionRequest({ question: { query: 'name=other&addr=127.0.0.1&call=play&k=1' } }),
    );
    const parameters = new URLSearchParams(form);
    expect(['name', 'addr', 'call', 'k'].map((key) => parameters.getAll(key))).toEqual([
      ['cam1'],
      ['192.0.2.7'],
      ['publish'],
      ['1'],
    ]);
  });

  it('sends neither query nor secret name when secrets are not to be sent', () => {
    const origin = { sendSecrets: false, isNameKey: () => true };
    const form = formOf({ question: { name: 'geheim', query: 'token=geheim' }, origin });
    expect(form).toEqual({ ...COMMON, call: 'publish', name: 'masked', type: 'live' });
  });

  it('accepts by 2xx and refuses by what is neither 2xx nor 3xx', () => {
    expect(answer(200)).toEqual({ decision: 'allow' });
    expect(answer(204)).toEqual({ decision: 'allow' });
    expect(answer(401)).toMatchObject({ decision: 'deny' });
    expect(answer(500)).toMatchObject({ decision: 'deny' });
  });

  it('renames by 3xx with a name, and redirects by 3xx with an rtmp URL', () => {
    expect(answer(302, 'alias')).toEqual({ decision: 'allow', name: 'alias' });
    expect(answer(301, 'rtmp://other.example/live/cam1')).toEqual({
      decision: 'redirect',
      redirectUrl: 'rtmp://other.example/live/cam1',
    });
    expect(answer(302, 'RTMPS://other.example/live')).toMatchObject({ decision: 'redirect' });
  });

  it('cannot use 3xx without Location, or with one of another kind', () => {
    expect(answer(302)).toMatchObject({ decision: 'invalid', expected: 'a Location header' });
    expect(answer(302, 'http://169.254.169.254/')).toMatchObject({ decision: 'invalid' });
    expect(answer(302, 'x'.repeat(600))).toMatchObject({ decision: 'invalid', pointer: '/name' });
  });
});
