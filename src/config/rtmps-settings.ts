import { z } from '../core/zod.js';
import { advertisedAddress, listenAddress, oneOf, structure, text, toggle } from './setting.js';

const NEW = { reload: 'new' } as const;

/** The files of a certificate and its key. */
export interface CertificatePaths {
  readonly cert: string;
  readonly key: string;
}

const path = z.string().min(1).max(4096);
const pair: z.ZodType<CertificatePaths> = z.strictObject({ cert: path, key: path });

/** `rtmp.sniff`. */
export const SNIFF_SETTING = toggle(
  true,
  'Whether the first byte of a connection to rtmp.listen tells what it speaks: RTMP, RTMPE, HTTP (RTMPT), or TLS where rtmps.cert is set. If not, all connections are taken for RTMP.',
  NEW,
);

/** Settings of RTMP over TLS: the group `rtmps` of the table. */
export const RTMPS_SETTINGS = {
  listen: listenAddress(
    'off',
    'Where encoders and players connect with rtmps://, on a port that takes TLS only; 443 is what clients try when a URL names none. With a certificate, rtmp.listen takes TLS as well (rtmp.sniff).',
    { canBeOff: true },
  ),
  advertise: advertisedAddress(
    'Where players reach RTMPS, for the URLs that events and the state of streams tell: HOST, or HOST:PORT where the port is another one. The host should be a name of the certificate. Empty: the host of rtmp.advertise, or else the listen address.',
    NEW,
  ),
  cert: text(
    4096,
    '',
    'File of the certificate for RTMPS: PEM, the server’s own first, then those between it and the authority. It is read again when it changes, and at SIGHUP; connections that are open stay. Empty: no TLS, unless rtmps.certificates has some.',
    NEW,
  ),
  key: text(4096, '', 'File of the private key of rtmps.cert: PEM, without a passphrase.', NEW),
  certificates: structure<readonly CertificatePaths[]>(
    z.array(pair).max(1000),
    'a list of {cert, key}',
    [],
    'More certificates, each with its key, as files. The name that a client asks for (SNI) chooses by the names in the certificates; rtmps.cert, or else the first of the list, is for all other names.',
    NEW,
  ),
  minVersion: oneOf(['TLSv1.2', 'TLSv1.3'], 'TLSv1.2', 'Least version of TLS that clients may speak.', NEW),
} as const;
