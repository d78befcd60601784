import { describe, expect, it } from 'vitest';
import { SecretMask, secretsInUrls } from '../../../../src/jobs/run/secret-mask.js';

describe('SecretMask', () => {
  it.each([
    ['plain', 's3cr3t', 'a s3cr3t b s3cr3t', 'a *** b ***'],
    ['with characters of patterns', 'a.*(b)[c]$', 'x a.*(b)[c]$ aXX', 'x *** aXX'],
    ['percent-encoded', 'p@ss/wörd', 'u=p%40ss%2Fw%C3%B6rd', 'u=***'],
    ['percent-encoded in lower case', 'p@ss/wörd', 'u=p%40ss%2fw%c3%b6rd', 'u=***'],
    ['of UTF-8', 'geheim€ß', 'x geheim€ß y', 'x *** y'],
    ['of several lines, line by line', 'first-line\nsecond-line', 'first-line, second-line', '***, ***'],
  ])('masks a secret %s', (_, secret, text, masked) => {
    const mask = new SecretMask([secret]);
    expect(mask.maskText(text)).toBe(masked);
    expect(Buffer.from(mask.maskLatin1(Buffer.from(text).toString('latin1')), 'latin1').toString()).toBe(masked);
  });

  it('masks a URL as a whole, and its password and the longer values of its query by themselves', () => {
    const mask = new SecretMask(['rtmp://u:hunter22@h/live/cam?jt=eyJhIjoxfQ.c2lnbmF0dXJl&mode=live']);
    expect(mask.maskText('open rtmp://u:hunter22@h/live/cam?jt=eyJhIjoxfQ.c2lnbmF0dXJl&mode=live now')).toBe(
      'open *** now',
    );
    expect(mask.maskText('play cam?jt=eyJhIjoxfQ.c2lnbmF0dXJl as live by hunter22')).toBe(
      'play cam?jt=*** as live by ***',
    );
  });

  it('masks the longest of secrets that contain each other', () => {
    expect(new SecretMask(['abcd', 'abcdefgh']).maskText('abcdefgh abcd')).toBe('*** ***');
  });

  it('leaves everything as it is without secrets, and takes what is too short for none', () => {
    for (const secrets of [[], ['', 'a', 'tex']]) {
      const mask = new SecretMask(secrets);
      expect([mask.maskText('a text'), mask.maskLatin1('a text'), mask.longestBytes]).toEqual(['a text', 'a text', 0]);
    }
  });

  it('takes halves of surrogate pairs and keeps bytes that are no UTF-8', () => {
    const mask = new SecretMask(['\ud800abcdef']);
    expect(mask.maskLatin1('\xff\xfe\x00\x80')).toBe('\xff\xfe\x00\x80');
  });
});

it.each([
  ['rtmp://cdn.example/app/x?key=k-renditions&a=1', ['k-renditions']],
  ['[f=flv]rtmp://a/x?key=first-key|[f=flv]rtmps://u:pass@b/x?sig=second-key#top', ['first-key', 'pass', 'second-key']],
  ['expr:gte(t,n_forced*2)', []],
  ['udp://239.0.0.1:1234?pkt_size=1316', []],
])('finds what may be secret in the URLs of %s', (text, secrets) => expect(secretsInUrls([text])).toEqual(secrets));
