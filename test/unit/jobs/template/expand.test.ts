import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../../src/core/errors.js';
import { unescapeToken } from '../../../../src/core/escape.js';
import { traceparentOf } from '../../../../src/events/envelope.js';
import { expandDir, expandExec, expandHttp, expandUrl, type JobValues } from '../../../../src/jobs/template/expand.js';
import type { JobFacts } from '../../../../src/jobs/template/template.js';
import { jobFacts } from '../../../support/jobs/facts.js';

function values(facts: Partial<JobFacts> = {}, more: Partial<JobValues> = {}): JobValues {
  return {
    facts: jobFacts(facts),
    ...{ jobId: '01JZ8Z4M1R3S5T7V9WBCDEFGHJ/record', attempt: 2, token: 77 },
    ...{ url: 'rtmp://10.0.0.1/live/cam1?jt=a.b', out: '/srv/rec/.2-77', secret: 's3cret', ...more },
  };
}

function argument(text: string, of: JobValues): string {
  const { argv } = expandExec({ argv: ['x', text], env: {} }, of);
  expect(argv).toHaveLength(2);
  return argv[1]!;
}

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('ERR_JOB_ARGUMENT');
    return (error as SluiceError).detail;
  }
  throw new Error('it was not refused');
}

const LONG = 'ж'.repeat(64);

describe('expandExec', () => {
  it('puts every placeholder in', () => {
    const of = values({ labels: { 'site.no-1': 'a' }, publishUrl: 'rtmp://h/live/k' });
    const text =
      '{url} {publishUrl} {app} {name} {streamId} {jobId} {attempt} {token} {out} {width} {height} {fps} {videoCodec} ' +
      '{audioCodec} {label.site.no-1} {startedAt}';
    expect(argument(text, of)).toBe(
      'rtmp://10.0.0.1/live/cam1?jt=a.b rtmp://h/live/k live cam1 01JZ8Z4M1R3S5T7V9WBCDEFGHJ ' +
        '01JZ8Z4M1R3S5T7V9WBCDEFGHJ/record 2 77 /srv/rec/.2-77 1920 1080 29.97 avc1.64001f mp4a.40.2 a ' +
        '2026-01-31T12:00:00.000Z',
    );
  });

  it.each(['$(x)', '`x`', '../..', '{url}', '{{', 'a b', "it's", '"', ';rm', '*', '%2e', LONG, '-', 'a\\', '$HOME'])(
    'keeps a name such as %s in one argument, as it is',
    (name) => {
      expect(argument('f={name}', values({ name }))).toBe(`f=${name}`);
      expect(argument('{app}/{name}', values({ name }))).toBe(`live/${name}`);
      expect(argument('{label.a}.mp4', values({ labels: { a: `x${name}` } }))).toBe(`x${name}.mp4`);
    },
  );

  it.each([
    ['{name}', { name: '-i' }],
    ['{name}.mp4', { name: '-i' }],
    ['{name}', { name: '--' }],
    ['{label.a}{name}', { name: '-i', labels: { a: '' } }],
    ['{label.b?}{name}', { name: '-i' }],
    ['{label.a}', { labels: { a: '-' } }],
  ])('refuses that a value begins %s with -', (text, facts) => {
    expect(refused(() => argument(text, values(facts)))).toMatch(/^\{(?:name|label\.a)\} begins argument 1 with -$/);
  });

  it('takes a - that the template itself writes, and one within an argument', () => {
    expect(argument('-metadata:{name}', values({ name: '-i' }))).toBe('-metadata:-i');
    expect(argument('{label.a?}-x', values())).toBe('-x');
    expect(argument('{app}-{name}', values({ name: '-i' }))).toBe('live--i');
  });

  it('falls back to the declared frame rate, then to a default', () => {
    expect(argument('{fps}', values({ fps: undefined, declaredFps: 25 }))).toBe('25');
    expect(argument('{fps?30}', values({ fps: undefined }))).toBe('30');
    expect(argument('a{fps?}', values({ fps: undefined }))).toBe('a');
    expect(argument('{width?0}', values())).toBe('1920');
  });

  it('refuses what is not known, and names it', () => {
    expect(refused(() => argument('{width}', values({ width: undefined })))).toBe(
      '{width} of argument 1 is not known of this stream',
    );
    expect(refused(() => argument('{label.constructor}', values()))).toContain('{label.constructor}');
    expect(refused(() => argument('{url}', values({}, { url: undefined })))).toContain('{url}');
  });

  it.each(['a\u0000b', 'a\nb', 'a\rb', '\u007f', '\u0085', 'a\ud800'])('refuses control characters: %j', (label) => {
    const detail = refused(() => argument('x{label.a}', values({ labels: { a: label } })));
    expect(detail).toBe('{label.a} of argument 1 has control characters');
  });

  it('writes braces that are doubled, and puts no values into values', () => {
    expect(argument('{{name}} {name} }', values({ name: '{app}{{' }))).toBe('{name}} {app}{{ }');
  });

  it('puts values into the environment as they are, a - at the beginning too', () => {
    const { env } = expandExec(
      { argv: ['x'], env: { NAME: '{name}', FIXED: 'a', __proto__x: '{app}' } },
      values({ name: '-i', streamId: undefined }),
    );
    expect(env).toEqual({ NAME: '-i', FIXED: 'a', __proto__x: 'live' });
  });

  it('hands on the trace of the stream, unless the template has one of its own', () => {
    const traceparent = traceparentOf('01JZ8Z4M1R3S5T7V9WBCDEFGHJ');
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(expandExec({ argv: ['x'], env: {} }, values()).env).toEqual({ TRACEPARENT: traceparent });
    const own = { TRACEPARENT: '{label.trace}' };
    expect(expandExec({ argv: ['x'], env: own }, values({ labels: { trace: 'mine' } })).env).toEqual({
      TRACEPARENT: 'mine',
    });
  });
});

describe('expandDir', () => {
  it.each(['../..', '..', '.', '/etc', 'a/b', '', 'a=b', LONG, '-i', '~', '$(x)', '\u202e'])(
    'keeps the name %j in one folder below the fixed part',
    (name) => {
      const path = expandDir('/srv/rec/{app}/{name}/{streamId}', values({ name }));
      const [fixed, app, folder, stream] = path.slice(1).split('/').slice(1);
      expect(path.split('/')).toHaveLength(6);
      expect([fixed, app, stream]).toEqual(['rec', 'live', '01JZ8Z4M1R3S5T7V9WBCDEFGHJ']);
      expect(folder).toMatch(/^[A-Za-z0-9_=-]{1,255}$/);
      if (name !== LONG) expect(unescapeToken(folder!)).toBe(name);
    },
  );

  it('cuts names that no file system takes, and keeps different ones apart', () => {
    const folders = [LONG, `${LONG}a`, 'ж'.repeat(63)].map((name) =>
      expandDir('/srv/{name}', values({ name })).slice(5),
    );
    expect(folders.map((folder) => folder.length <= 255)).toEqual([true, true, true]);
    expect(folders[0]).toMatch(/^(?:=D0=B6)+[=D0B6]*=_[0-9a-f]{16}$/);
    expect(new Set(folders).size).toBe(3);
  });

  it('refuses what is not known', () => {
    expect(refused(() => expandDir('/srv/{label.a}', values()))).toContain('{label.a} of out.dir');
  });
});

describe('expandHttp', () => {
  const call = (more: object = {}) => ({ url: 'https://h/x', method: 'POST', headers: {}, ...more });

  it('encodes values in the url', () => {
    expect(
      expandUrl('https://h/{app}/{name}?u={url}&l={label.a}', values({ name: 'a/b?c#d', labels: { a: '&x=é' } })),
    ).toBe('https://h/live/a%2Fb%3Fc%23d?u=rtmp%3A%2F%2F10.0.0.1%2Flive%2Fcam1%3Fjt%3Da.b&l=%26x%3D%C3%A9');
  });

  it.each([
    ['/jobs/{name}/stop', '..'],
    ['/jobs/{name}', '.'],
    ['/{name}.', '.'],
    ['/jobs/{name}?x', '..'],
  ])('refuses that a value takes away a part of the path %s', (path, name) => {
    expect(refused(() => expandUrl(`http://h${path}`, values({ name })))).toContain('"." or ".."');
  });

  it('takes dots where they stand for themselves', () => {
    expect(expandUrl('http://h/a?x={name}', values({ name: '..' }))).toBe('http://h/a?x=..');
    expect(expandUrl('http://h/{name}', values({ name: '...' }))).toBe('http://h/...');
  });

  it('writes values into JSON bodies so that they stay within their quotes', () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    const body = '{{"name": "{name}", "a": "{label.a}", "width": {width}, "n": {height?null}}';
    const of = values({ name: '","admin":true,"x":"', labels: { a: '\\"' }, height: undefined });
    expect(JSON.parse(expandHttp(call({ headers, body }), of).body!)).toEqual({
      ...{ name: '","admin":true,"x":"', a: '\\"', width: 1920, n: null },
    });
  });

  it('writes values into forms percent-encoded, and into other bodies as they are', () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const of = values({ name: 'a&b=c' });
    expect(expandHttp(call({ headers: form, body: 'n={name}' }), of).body).toBe('n=a%26b%3Dc');
    expect(expandHttp(call({ headers: { 'content-type': 'text/plain' }, body: 'n={name}' }), of).body).toBe('n=a&b=c');
    expect(expandHttp(call(), of)).toEqual(call());
  });

  it('puts the secret and values into headers, and refuses what does not fit there', () => {
    const headers = { authorization: 'Bearer {secret}', 'x-name': '{name}' };
    expect(expandHttp(call({ headers }), values({ name: 'é' })).headers).toEqual({
      ...{ authorization: 'Bearer s3cret', 'x-name': 'é' },
    });
    expect(refused(() => expandHttp(call({ headers }), values({ name: 'ж' })))).toContain('Latin-1');
    const injected = values({ name: 'a\r\nx-admin: 1' });
    expect(refused(() => expandHttp(call({ headers }), injected))).toBe(
      '{name} of the header x-name has control characters',
    );
    const detail = refused(() => expandHttp(call({ headers }), values({}, { secret: 's3cret\n' })));
    expect(detail).not.toContain('s3cret');
  });
});
