import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { SluiceError } from '../../core/errors.js';

/** Least version of TLS that a server accepts. */
type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A certificate with its chain and its private key, as PEM. */
export interface CertificatePair {
  /** The server's certificate first, then those between it and the authority. */
  readonly cert: string;
  readonly key: string;
  /** What errors call it: the path of its file. */
  readonly from: string;
}

/** What a certificate says, for logs. */
interface CertificateFacts {
  readonly from: string;
  readonly names: readonly string[];
  /** As the certificate writes it: `Nov 26 22:00:00 2027 GMT`. */
  readonly validTo: string;
  /** Whether it holds at the time that was asked about. */
  readonly isValid: boolean;
}

interface Entry {
  readonly context: SecureContext;
  readonly certificate: X509Certificate;
  readonly names: readonly string[];
  readonly from: string;
}

/**
 * The certificates of a server, found by the name that a client asks for (SNI). Their names are read from themselves:
 * the DNS names of subjectAltName, or, where there are none, the common name. They never change: a reload makes another
 * set, and connections that are open keep what they began with.
 */
export class Certificates {
  /** The context for clients that ask for no name, or for one that no certificate has: the first pair. */
  readonly fallback: SecureContext;
  readonly #entries: readonly Entry[];
  readonly #byName = new Map<string, SecureContext>();

  /**
   * @param pairs at least one. Where several have the same name, the first is used for it
   * @throws SluiceError `ERR_TLS_CERTIFICATE` for what is no PEM, a key that belongs to another certificate, or a key
   *   that OpenSSL refuses, such as one that is too short
   */
  constructor(pairs: readonly CertificatePair[], minVersion: TlsVersion) {
    this.#entries = pairs.map((pair) => entryOf(pair, minVersion));
    this.fallback = this.#entries[0].context;
    for (const { names, context } of this.#entries)
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
  }

  /** The context for a name: of the certificate for it, of one for `*.` and the rest of it, or the {@link fallback}. */
  contextFor(name: string): SecureContext {
    const asked = name.toLowerCase().replace(/\.$/, '');
    const dot = asked.indexOf('.');
    const wildcard = dot > 0 ? this.#byName.get(`*${asked.slice(dot)}`) : undefined;
    return this.#byName.get(asked) ?? wildcard ?? this.fallback;
  }

  /** What the certificates say. @param wallMs when `isValid` is asked for */
  facts(wallMs: number): readonly CertificateFacts[] {
    return this.#entries.map(({ certificate: { validFrom, validTo }, names, from }) => ({
      ...{ from, names, validTo },
      isValid: Date.parse(validFrom) <= wallMs && wallMs < Date.parse(validTo),
    }));
  }
}

function entryOf({ cert, key, from }: CertificatePair, minVersion: TlsVersion): Entry {
  const part = <T>(what: string, read: () => T): T => {
    try {
      return read();
    } catch (cause) {
      // OpenSSL's reason names no part of the key.
      const { reason, message } = cause as { readonly reason?: string; readonly message: string };
      throw new SluiceError('ERR_TLS_CERTIFICATE', `${from}: ${what}: ${reason ?? message}`, { cause });
    }
  };
  const certificate = part('the certificate', () => new X509Certificate(cert));
  const secret = part('the key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(secret))
    throw new SluiceError('ERR_TLS_CERTIFICATE', `${from}: the key belongs to another certificate`);
  const context = part('both together', () => createSecureContext({ cert, key, minVersion }));
  return { context, certificate, names: namesOf(certificate), from };
}

/** The DNS names of a certificate, in lower case. */
function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const alternatives = [...(subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,]+)/g)].map(([, name]) => name);
  const common = /(?:^|\n)CN=(.+)/.exec(subject)?.[1];
  const names = alternatives.length > 0 || common === undefined ? alternatives : [common];
  return names.map((name) => name.toLowerCase());
}
