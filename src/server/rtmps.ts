import { readFile } from 'node:fs/promises';
import { FileWatch } from '../config/file-watch.js';
import type { SettingsUser } from '../config/live-settings.js';
import type { CertificatePaths } from '../config/rtmps-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { Certificates } from '../transport/tls/certificates.js';

/** Longest file of certificates or of a key. */
const MAX_FILE_BYTES = 1_048_576;

/**
 * The certificates of RTMPS as their files hold them now. They are read at the start, when settings of them change,
 * when a file has changed, and when somebody asks. Files that cannot be used leave the certificates as they are.
 */
export class Rtmps implements SettingsUser {
  #config: Config['rtmps'];
  readonly #log: Logger;
  readonly #clock: Clock;
  #certificates: Certificates | undefined;
  #watches: readonly FileWatch[] = [];
  /** Readings begun. Of those that overlap, only what the last one finds is used. */
  #readings = 0;
  /** What {@link check} has read, for {@link apply}. */
  #checked: { readonly of: Config['rtmps']; readonly certificates: Certificates | undefined } | undefined;

  constructor(config: Config['rtmps'], log: Logger, clock: Clock) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
  }

  /** Those for connections that come; undefined: there is no TLS. */
  get certificates(): Certificates | undefined {
    return this.#certificates;
  }

  /**
   * Reads the certificates for the first time.
   *
   * @throws SluiceError `ERR_TLS_CERTIFICATE`
   */
  async open(): Promise<void> {
    this.#watch();
    this.#use(await readCertificates(this.#config));
  }

  /** @throws SluiceError `ERR_TLS_CERTIFICATE` */
  async check({ rtmps }: Config, changed: readonly string[]): Promise<void> {
    if (changed.some(isOurs)) this.#checked = { of: rtmps, certificates: await readCertificates(rtmps) };
  }

  async apply({ rtmps }: Config, changed: readonly string[]): Promise<void> {
    if (!changed.some(isOurs)) return;
    this.#config = rtmps;
    this.#readings++;
    this.#watch();
    const { of, certificates } = this.#checked ?? {};
    if (of === rtmps) this.#use(certificates);
    else await this.readAgain('the settings have changed');
    this.#checked = undefined;
  }

  /** Looks whether files have changed. Call it about once a second. @param nowMs monotonic */
  async look(nowMs: number): Promise<void> {
    const changes = await Promise.all(this.#watches.map((watch) => watch.look(nowMs)));
    if (changes.includes(true)) await this.readAgain('a file has changed');
  }

  /** Reads the files again. What is wrong with them is logged. It never rejects. @param actor why */
  async readAgain(actor: string): Promise<void> {
    if (this.#certificates === undefined && pathsOf(this.#config).length === 0) return;
    this.#readings++;
    const reading = this.#readings;
    try {
      const certificates = await readCertificates(this.#config);
      if (reading === this.#readings) this.#use(certificates, actor);
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
      this.#log.error({ actor, err: error, code }, 'the certificates cannot be read again, and stay as they are');
    }
  }

  #watch(): void {
    this.#watches = pathsOf(this.#config).flatMap(({ cert, key }) => [new FileWatch(cert), new FileWatch(key)]);
  }

  #use(certificates: Certificates | undefined, actor?: string): void {
    this.#certificates = certificates;
    for (const { from, names, validTo, isValid } of certificates?.facts(this.#clock.wallMs()) ?? []) {
      const facts = { ...(actor === undefined ? {} : { actor }), file: from, names: names.join(', '), validTo };
      if (isValid) this.#log.info(facts, 'a certificate for RTMPS');
      else this.#log.warn(facts, 'a certificate for RTMPS that does not hold now: clients refuse it');
    }
  }
}

function isOurs(key: string): boolean {
  return key.startsWith('rtmps.');
}

/** The pairs of files, that for all other names first. */
function pathsOf({ cert, key, certificates }: Config['rtmps']): readonly CertificatePaths[] {
  return [...(cert === '' && key === '' ? [] : [{ cert, key }]), ...certificates];
}

/** @throws SluiceError `ERR_TLS_CERTIFICATE` */
async function readCertificates(config: Config['rtmps']): Promise<Certificates | undefined> {
  const paths = pathsOf(config);
  if (paths.length === 0) {
    if (config.listen === 'off') return undefined;
    throw new SluiceError('ERR_TLS_CERTIFICATE', 'rtmps.listen is set, and neither rtmps.cert nor rtmps.certificates');
  }
  if (config.cert === '' && config.key !== '')
    throw new SluiceError('ERR_TLS_CERTIFICATE', 'rtmps.key is set, and rtmps.cert is not');
  if (config.cert !== '' && config.key === '')
    throw new SluiceError('ERR_TLS_CERTIFICATE', 'rtmps.cert is set, and rtmps.key is not');
  const pairs = await Promise.all(
    paths.map(async ({ cert, key }) => ({ cert: await readText(cert), key: await readText(key), from: cert })),
  );
  return new Certificates(pairs, config.minVersion);
}

/** @throws SluiceError `ERR_TLS_CERTIFICATE` */
async function readText(path: string): Promise<string> {
  const content = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SluiceError('ERR_TLS_CERTIFICATE', `${path}: ${cause.code ?? cause.message}`, { cause });
  });
  if (content.length > MAX_FILE_BYTES)
    throw new SluiceError('ERR_TLS_CERTIFICATE', `${path}: larger than ${MAX_FILE_BYTES} bytes`);
  return content.toString('utf8');
}
