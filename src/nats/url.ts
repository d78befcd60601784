import { SluiceError } from '../core/errors.js';

/** A NATS URL in its parts. */
export interface NatsUrl {
  readonly tls: boolean;
  /** `host` or `host:port`. */
  readonly server: string;
  readonly user: string;
  /** Empty with a user: that is a token. */
  readonly password: string;
}

const DEFAULT_SCHEME = 'nats';

/**
 * Reads `[nats://|tls://][user:password@|token@]host[:port]`.
 *
 * @param position number of the URL, from 1 on; an error names it by this number, because any part of an unreadable URL
 *   may be a secret
 * @throws SluiceError ERR_EVENTS_NATS_OPTIONS
 */
export function parseNatsUrl(text: string, position: number): NatsUrl {
  const [, given, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim().replace(/\/$/, '')) ?? [];
  const scheme = (given ?? DEFAULT_SCHEME).toLowerCase();
  const url = URL.canParse(`${DEFAULT_SCHEME}://${rest}`) ? new URL(`${DEFAULT_SCHEME}://${rest}`) : undefined;
  const parts =
    url === undefined || url.hostname === '' || /[/?#]/.test(url.pathname + url.search + url.hash) ? undefined : url;
  if (parts === undefined) {
    throw refusal(
      `URL ${position} cannot be read; nats://[user:password@]host[:port] was expected, with %2F for / and %40 for @ in a password`,
    );
  }
  if (scheme !== 'nats' && scheme !== 'tls') {
    throw refusal(`the scheme of ${scheme}://${parts.host} is ${scheme}; nats:// or tls:// was expected`);
  }
  try {
    const [user, password] = [decodeURIComponent(parts.username), decodeURIComponent(parts.password)];
    return { tls: scheme === 'tls', server: parts.host, user, password };
  } catch {
    throw refusal(`the user or password in the URL of ${parts.host} has a % that is not followed by two hex digits`);
  }
}

/** The servers without anything secret, for people. */
export function describeServers(urls: readonly NatsUrl[]): string {
  return urls.map(({ tls, server }) => `${tls ? 'tls' : 'nats'}://${server}`).join(', ');
}

function refusal(detail: string): SluiceError {
  return new SluiceError('ERR_EVENTS_NATS_OPTIONS', `nats.url: ${detail}`);
}
