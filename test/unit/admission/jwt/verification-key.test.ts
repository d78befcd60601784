import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configuredKey, keysOfSet } from '../../../../src/admission/jwt/verification-key.js';
import { keyPair } from '../../../support/admission/tokens.js';
import { removeTempDir, tempDir } from '../../../support/temp.js';

const rsa = keyPair('rsa');
const ed = keyPair('ed25519');
const short = keyPair('rsa', 1024);

describe('a key of the settings', () => {
  it('is a secret, a PEM, or the path of a PEM', () => {
    const folder = tempDir('keys');
    onTestFinished(() => removeTempDir(folder));
    const path = join(folder, 'public.pem');
    writeFileSync(path, ed.pem);
    expect(configuredKey({ alg: 'HS256', kid: 'a', secret: 'x'.repeat(32) }, 0)).toMatchObject({
      alg: 'HS256',
      kid: 'a',
    });
    expect(configuredKey({ alg: 'RS256', publicKey: rsa.pem }, 0).key.asymmetricKeyType).toBe('rsa');
    expect(configuredKey({ alg: 'EdDSA', publicKey: path }, 0).key.asymmetricKeyType).toBe('ed25519');
  });

  const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  it.each([
    ['a PEM as secret', { alg: 'HS256', secret: rsa.pem }, 'the secret is a PEM'],
    ['a private key', { alg: 'RS256', publicKey: privatePem }, 'the PEM is a private key'],
    ['an Ed25519 key for RS256', { alg: 'RS256', publicKey: ed.pem }, 'the key is no RSA key'],
    ['an RSA key for EdDSA', { alg: 'EdDSA', publicKey: rsa.pem }, 'the key is no Ed25519 key'],
    ['a short RSA key', { alg: 'RS256', publicKey: short.pem }, 'less than 2048 bits'],
    ['a broken PEM', { alg: 'RS256', publicKey: '-----BEGIN PUBLIC KEY-----\ngeheim' }, 'no public key in PEM'],
    ['a path that leads nowhere', { alg: 'RS256', publicKey: '/nowhere/geheim.pem' }, 'cannot be read (ENOENT)'],
  ] as const)('is refused with its place when it is %s', (_, key, words) => {
    expect(() => configuredKey(key, 3)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID_VALUE',
        message: expect.stringMatching(new RegExp(`auth\\.jwt\\.keys/3: .*${words.replace(/[()]/g, '.')}`)),
      }),
    );
    expect(() => configuredKey(key, 3)).not.toThrow('geheim');
  });
});

describe('a key set', () => {
  const algorithms = (keys: object[]) => keysOfSet(JSON.stringify({ keys }))?.map(({ alg, kid }) => `${alg} ${kid}`);

  it('gives RSA keys for RS256 and Ed25519 keys for EdDSA, and leaves all others out', () => {
    const secret = { kty: 'oct', k: Buffer.from('x'.repeat(32)).toString('base64url'), alg: 'HS256' };
    expect(
      algorithms([
        { ...rsa.jwk, kid: 'r' },
        { ...ed.jwk, kid: 'e', alg: 'EdDSA', use: 'sig' },
        { ...rsa.jwk, kid: 'encrypts', use: 'enc' },
        { ...rsa.jwk, kid: 'other', alg: 'PS256' },
        { ...short.jwk, kid: 'short' },
        { ...ed.jwk, x: 'broken', kid: 'broken' },
        secret,
      ]),
    ).toEqual(['RS256 r', 'EdDSA e']);
  });

  it('takes only the public part of a private key', () => {
    const jwk = ed.privateKey.export({ format: 'jwk' });
    expect(keysOfSet(JSON.stringify({ keys: [jwk] }))?.[0]?.key.type).toBe('public');
  });

  it.each(['', '[]', 'null', '{}', '{"keys":{}}', '{"keys":[]}', '{"keys":[null,7,"x"]}', '<html>'])(
    'is none when it is %s',
    (text) => {
      expect(keysOfSet(text)).toBeUndefined();
    },
  );

  it('gives a hundred keys at most', () => {
    const many = Array.from({ length: 101 }, (_, i) => ({ ...ed.jwk, kid: String(i) }));
    expect(algorithms(many)).toHaveLength(100);
  });
});
