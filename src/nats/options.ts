/** How to reach NATS. Secrets are passed by value and never logged. */
export interface NatsOptions {
  /** `nats://` or `tls://` URLs; one is picked, the others are tried when it fails. */
  readonly urls: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** An NKey seed (`SU…`). */
  readonly nkey?: string;
  /** Path of a credentials file (JWT and seed). */
  readonly creds?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** Prefix of inbox subjects, for accounts that allow each node its own. */
  readonly inboxPrefix?: string;
  /** Connection name shown by the server. */
  readonly name?: string;
  readonly pingIntervalMs?: number;
}
