import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Certificates } from '../../../../src/transport/tls/certificates.js';
import { tempDir } from '../../../support/temp.js';
import { makeCertificate, readPair } from '../../../support/transport/certificates.js';

const first = readPair(makeCertificate(['first.example', 'alias.example']));
const wild = readPair(makeCertificate(['*.wild.example', 'a.wild.example']));
const exact = readPair(makeCertificate(['a.wild.example', 'Upper.Example']));
const common = readPair(makeCertificate(['common.example'], { commonNameOnly: true }));

/** Which of the pairs is used for a name: the index in the list. */
function chosen(name: string): number {
  const certificates = new Certificates([first, wild, exact, common], 'TLSv1.2');
  const contexts = ['first.example', '*.wild.example', 'upper.example', 'common.example'].map((known) =>
    certificates.contextFor(known),
  );
  expect(new Set(contexts).size).toBe(4);
  expect(contexts[0]).toBe(certificates.fallback);
  return contexts.indexOf(certificates.contextFor(name));
}

describe('the certificate for a name', () => {
  it.each([
    ['first.example', 0],
    ['alias.example', 0],
    ['ALIAS.EXAMPLE', 0],
    ['alias.example.', 0],
    ['b.wild.example', 1],
    // Named by a wildcard's certificate as well, which comes first.
    ['a.wild.example', 1],
    ['upper.example', 2],
    ['common.example', 3],
    // A wildcard stands for one label, and not for none.
    ['c.b.wild.example', 0],
    ['wild.example', 0],
    ['.wild.example', 0],
    ['unknown.example', 0],
    ['', 0],
    ['__proto__', 0],
  ])('%j is number %d', (name, index) => {
    expect(chosen(name)).toBe(index);
  });
});

describe('what certificates say', () => {
  it('is their names, their end and whether they hold', () => {
    const certificates = new Certificates([first, common], 'TLSv1.3');
    const [a, b] = certificates.facts(Date.now());
    expect([a.names, a.isValid, a.from]).toEqual([['first.example', 'alias.example'], true, first.from]);
    expect([b.names, b.isValid]).toEqual([['common.example'], true]);
    const endMs = Date.parse(a.validTo);
    expect(certificates.facts(endMs)[0].isValid).toBe(false);
    expect(certificates.facts(endMs - 1)[0].isValid).toBe(true);
    expect(certificates.facts(0)[0].isValid).toBe(false);
  });
});

describe('what cannot be used', () => {
  const refused = (pair: { cert: string; key: string }): string => {
    try {
      new Certificates([{ ...pair, from: '/etc/a.pem' }], 'TLSv1.2');
    } catch (error) {
      expect((error as { code: string }).code).toBe('ERR_TLS_CERTIFICATE');
      return (error as { detail: string }).detail;
    }
    throw new Error('it was taken');
  };

  it('is told with its file and its part, and without anything of the key', () => {
    expect(refused({ cert: 'nonsense', key: first.key })).toMatch(/^\/etc\/a\.pem: the certificate: /);
    expect(refused({ cert: first.cert, key: 'SECRET' })).toMatch(/^\/etc\/a\.pem: the key: /);
    expect(refused({ cert: first.cert, key: 'SECRET' })).not.toContain('SECRET');
    expect(refused({ cert: first.cert, key: wild.key })).toBe('/etc/a.pem: the key belongs to another certificate');
    expect(refused({ cert: '', key: '' })).toMatch(/the certificate/);
    expect(refused({ cert: `${first.cert}-----BEGIN CERTIFICATE-----\nAAAA\n`, key: first.key })).toMatch(
      /both together/,
    );
  });

  it('is a key with a passphrase', () => {
    const out = join(tempDir('key'), 'key.pem');
    execFileSync('openssl', ['pkcs8', '-topk8', '-v2', 'aes256', '-passout', 'pass:x', '-out', out], {
      input: first.key,
    });
    expect(refused({ ...first, key: readPair({ cert: out, key: out }).key })).toMatch(/the key/);
  });
});
