import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificatePair } from '../../../src/transport/tls/certificates.js';
import { tempDir } from '../temp.js';

/** The files of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * Makes a certificate that has signed itself, and its key, with openssl.
 *
 * @param names the first is the common name too
 * @param options `days`: for how long it holds; `commonNameOnly`: without subjectAltName
 */
export function makeCertificate(
  names: readonly string[],
  options: { readonly days?: number; readonly commonNameOnly?: boolean } = {},
): CertificateFiles {
  const dir = tempDir('certificate');
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  const alternatives = names.map((name) => `DNS:${name}`).join(',');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', `/CN=${names[0]}`, '-days', String(options.days ?? 2), '-keyout', files.key, '-out', files.cert],
      ...(options.commonNameOnly === true ? [] : ['-addext', `subjectAltName=${alternatives}`]),
    ],
    { stdio: 'pipe' },
  );
  return files;
}

/** Reads what {@link makeCertificate} has made. */
export function readPair({ cert, key }: CertificateFiles): CertificatePair {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8'), from: cert };
}
