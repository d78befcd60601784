import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { connectionOptions } from '../../../src/nats/connection.js';
import { describeServers, parseNatsUrl } from '../../../src/nats/url.js';
import { isRefusal, natsWords } from '../../../src/nats/words.js';

const THIS_FILE = fileURLToPath(import.meta.url);
const OPTIONS = { code: 'ERR_EVENTS_NATS_OPTIONS' };

describe('a NATS URL', () => {
  it.each([
    ['nats://127.0.0.1:4222', { tls: false, server: '127.0.0.1:4222', user: '', password: '' }],
    [' tls://nats.example ', { tls: true, server: 'nats.example', user: '', password: '' }],
    ['127.0.0.1:4222', { tls: false, server: '127.0.0.1:4222', user: '', password: '' }],
    ['nats://[::1]:4222', { tls: false, server: '[::1]:4222', user: '', password: '' }],
    ['nats://u:p%2Fq%40@h:1', { tls: false, server: 'h:1', user: 'u', password: 'p/q@' }],
    ['nats://token@h', { tls: false, server: 'h', user: 'token', password: '' }],
    ['NATS://H:1/', { tls: false, server: 'H:1', user: '', password: '' }],
  ])('is read: %s', (text, parts) => {
    const url = parseNatsUrl(text, 1);
    expect({ ...url, server: url.server.toLowerCase() }).toEqual({ ...parts, server: parts.server.toLowerCase() });
  });

  it.each(['http', 'https', 'redis', 'ws', 'rtmp'])(
    'with the scheme %s is refused, and says what was expected',
    (scheme) => {
      expect(() => parseNatsUrl(`${scheme}://user:geheim@host:4222`, 1)).toThrow(
        expect.objectContaining({
          ...OPTIONS,
          message: expect.stringContaining(
            `the scheme of ${scheme}://host:4222 is ${scheme}; nats:// or tls:// was expected`,
          ),
        }),
      );
    },
  );

  it.each([
    'nats://user:geheim/word@host:4222',
    'nats://user:geheim#word@host:4222',
    'nats://user:geheim?word@host:4222',
    'nats://user:12/geheim@host:4222',
    'nats://host:99999',
    'nats://host:4222/geheim',
    'nats://',
    '',
    'http://user:12/geheim@host',
    'nats://user:geheim%zz@host',
  ])('that cannot be read is refused without a word of what could be a secret: %s', (text) => {
    let message = '';
    try {
      parseNatsUrl(text, 3);
    } catch (error) {
      expect(error).toMatchObject(OPTIONS);
      message = String(error);
    }
    expect(message).toMatch(/URL 3 cannot be read|followed by two hex digits/);
    expect(message).not.toMatch(/geheim/);
  });

  it('is shown by its scheme, host and port only', () => {
    const urls = ['nats://u:geheim@a:1', 'tls://geheim@b:2'].map((text, i) => parseNatsUrl(text, i + 1));
    expect(describeServers(urls)).toBe('nats://a:1, tls://b:2');
  });
});

describe('the settings of NATS', () => {
  it.each([
    ['an NKey that is none', { nkey: 'SUgeheim' }],
    ['credentials that are not there', { creds: '/nonexistent/file' }],
    ['a certificate that is not there', { tls: { ca: '/nonexistent/file' } }],
    ['a certificate that is none', { tls: { ca: THIS_FILE, cert: THIS_FILE, key: THIS_FILE } }],
  ])('are refused before anything is tried with %s, and name no secret', async (_what, more) => {
    const options = connectionOptions({ urls: ['nats://127.0.0.1:1'], ...more });
    await expect(options).rejects.toMatchObject(OPTIONS);
    await expect(options).rejects.not.toMatchObject({ message: expect.stringContaining('geheim') });
  });
});

describe('what NATS says', () => {
  it.each([
    ['AUTHORIZATION_VIOLATION', /refuses the user, password/],
    ['ECONNREFUSED', /nobody listens/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /nats\.tls\.ca/],
    ['ERR_' + 'TLS_CERT_ALTNAME_INVALID', /another host name/],
    ['SERVER_OPT_NA', /TLS was asked for/],
    ['503', /start it with -js/],
  ])('under the code %s is put into words with the code behind', (code, words) => {
    expect(natsWords(code)).toMatch(words);
    expect(natsWords(code)).toContain(`(${code})`);
  });

  it('keeps its own words where there are no better ones', () => {
    expect(natsWords('NEW_CODE', 'something new')).toBe('something new (NEW_CODE)');
    expect(natsWords('NEW_CODE', 'NEW_CODE')).toBe('NEW_CODE');
  });

  it('is a refusal of the credentials only where waiting does not help', () => {
    expect([isRefusal('AUTHORIZATION_VIOLATION'), isRefusal('ECONNREFUSED')]).toEqual([true, false]);
  });
});
