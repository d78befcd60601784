import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import {
  type ConnectionOptions,
  connect,
  createInbox,
  credsAuthenticator,
  Events,
  headers,
  type MsgHdrs,
  type NatsConnection,
  NatsError,
  nkeyAuthenticator,
  type Status,
} from 'nats';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { NATS_TRACE } from '../core/trace.js';
import { within } from '../core/within.js';
import { guardMessages } from './message-guard.js';
import type { NatsOptions } from './options.js';
import { forgetUnsent } from './socket.js';
import { describeServers, type NatsUrl, parseNatsUrl } from './url.js';
import { isRefusal, natsWords } from './words.js';

export type { Msg, MsgHdrs, NatsConnection, Subscription } from 'nats';
export { NatsError } from 'nats';

/** Code of a failed request: nats.js' error code (`TIMEOUT`, `503`, `PERMISSIONS_VIOLATION` …) or `UNKNOWN`. */
export function natsErrorCode(error: unknown): string {
  return error instanceof NatsError ? error.code : 'UNKNOWN';
}

interface PooledServer {
  /** As it was given. */
  readonly src: string;
  /** Whether the cluster has announced it and may withdraw it. */
  gossiped: boolean;
  /** Name that the certificate of an address must have; empty: the address. */
  tlsName: string;
}

/** The part of the client's list of servers that is not in its public interface. */
interface ServerPool {
  length(): number;
  next(): unknown;
  getCurrentServer(): unknown;
  selectServer(): unknown;
  getServers(): PooledServer[];
  addServer(url: string, gossiped: boolean): void;
}

function poolOf(connection: NatsConnection): ServerPool {
  return (connection as unknown as { protocol: { servers: ServerPool } }).protocol.servers;
}

/**
 * Whether the server is away at this moment. The client keeps whatever is sent meanwhile, without limit, for when it is
 * back.
 */
export function isAway(connection: NatsConnection): boolean {
  const { protocol } = connection as unknown as { protocol?: { connected: boolean } };
  return protocol?.connected === false;
}

/** A new inbox subject under the prefix of the connection. */
export function inboxOf(connection: NatsConnection): string {
  const { options } = (connection as unknown as { protocol: { options: { inboxPrefix?: string } } }).protocol;
  return createInbox(options.inboxPrefix ?? '');
}

/** Headers from a plain object. */
export function natsHeaders(values: Readonly<Record<string, string>>): MsgHdrs {
  const out = headers();
  for (const [key, value] of Object.entries(values)) out.set(key, value);
  return out;
}

/** Seed of a user's NKey, in base 32. */
const NKEY_SEED = /^SU[A-Z2-7]{56}$/;

function parseUrls(o: NatsOptions): NatsUrl[] {
  if (o.urls.length === 0) throw new SluiceError('ERR_EVENTS_NATS_OPTIONS', 'no URL is given');
  return o.urls.map((url, i) => parseNatsUrl(url, i + 1));
}

/**
 * The connection options for nats.js: reconnect without limit, and a frozen server is noticed after two pings.
 *
 * @throws ERR_EVENTS_NATS_OPTIONS when a file cannot be read or the credentials cannot be used
 */
export async function connectionOptions(o: NatsOptions): Promise<ConnectionOptions> {
  const urls = parseUrls(o);
  const secure = o.tls !== undefined || urls.some(({ tls }) => tls);
  const options: ConnectionOptions = {
    servers: urls.map(({ server }) => server),
    name: o.name ?? 'sluice',
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 250,
    reconnectJitterTLS: 500,
    pingInterval: o.pingIntervalMs ?? 5000,
    maxPingOut: 2,
    timeout: 5000,
    noAsyncTraces: true,
    // A wrong password may be corrected on the server, so the client goes on asking.
    ignoreAuthErrorAbort: true,
  };
  if (o.inboxPrefix !== undefined) options.inboxPrefix = o.inboxPrefix;
  const inUrl = urls.find(({ user }) => user !== '');
  if (inUrl?.password === '') options.token = inUrl.user;
  else if (inUrl !== undefined) {
    options.user = inUrl.user;
    options.pass = inUrl.password;
  }
  if (o.user !== undefined) options.user = o.user;
  if (o.password !== undefined) options.pass = o.password;
  if (o.token !== undefined) options.token = o.token;
  try {
    if (o.creds !== undefined) options.authenticator = credsAuthenticator(await readFile(o.creds));
    if (o.nkey !== undefined && !NKEY_SEED.test(o.nkey.trim())) {
      throw new Error('nats.nkey is no NKey seed of a user; SU and 56 capital letters and digits were expected');
    }
    if (o.nkey !== undefined) options.authenticator = nkeyAuthenticator(new TextEncoder().encode(o.nkey.trim()));
    if (secure) {
      options.tls = {
        ...(o.tls?.ca === undefined ? {} : { ca: await readFile(o.tls.ca, 'utf8') }),
        ...(o.tls?.cert === undefined ? {} : { cert: await readFile(o.tls.cert, 'utf8') }),
        ...(o.tls?.key === undefined ? {} : { key: await readFile(o.tls.key, 'utf8') }),
      };
      // Files that do not belong together would be reported at every attempt to connect, and never work.
      createSecureContext(options.tls as object);
    }
  } catch (error) {
    throw new SluiceError('ERR_EVENTS_NATS_OPTIONS', (error as Error).message, { cause: error });
  }
  return options;
}

/**
 * Connects. The client drops a server for good that fails before the first connection. Here every configured server
 * stays: it may be the only one left some day, and servers that a cluster announces may be unreachable from here.
 *
 * @param failed told of what a subscription throws
 */
async function connectToAny(options: ConnectionOptions, failed: (error: unknown) => void): Promise<NatsConnection> {
  const connection = await connect(options);
  guardMessages(connection, failed);
  const pool = poolOf(connection);
  for (const url of [options.servers ?? []].flat()) {
    const isThis = ({ src }: PooledServer): boolean => src === url;
    if (pool.getServers().some((server) => isThis(server) && !server.gossiped)) continue;
    if (!pool.getServers().some(isThis)) pool.addServer(url, false);
    // The client takes a server that is added now for another address of the server to which it is connected.
    for (const server of pool.getServers().filter(isThis)) Object.assign(server, { gossiped: false, tlsName: '' });
  }
  return connection;
}

/**
 * One connection, made now, for tools and consumers. Once connected, it reconnects without limit.
 *
 * @throws ERR_EVENTS_NATS_OPTIONS; ERR_EVENTS_UNREACHABLE when no server answers or accepts this client
 */
export async function connectNats(o: NatsOptions): Promise<NatsConnection> {
  const options = await connectionOptions(o);
  // A defect ends a tool, and does not leave it waiting.
  const failed = (error: unknown): void =>
    queueMicrotask(() => {
      throw error;
    });
  return connectToAny(options, failed).catch((error: unknown) => {
    throw new SluiceError('ERR_EVENTS_UNREACHABLE', `${describeServers(parseUrls(o))}: ${describe(error)}`, {
      cause: error,
    });
  });
}

/** Calls `listener` with each subject that the server does not let this user publish to, until the connection ends. */
export async function onDeniedPublish(connection: NatsConnection, listener: (subject: string) => void): Promise<void> {
  for await (const status of connection.status()) {
    const subject = deniedPublish(status);
    if (subject !== undefined) listener(subject);
  }
}

/** Calls `listener` each time that the server goes away or is there again, and once more when the connection ends. */
export async function onReconnects(
  connection: NatsConnection,
  listener: (isConnected: boolean) => void,
): Promise<void> {
  void connection.closed().then(() => listener(false));
  for await (const { type } of connection.status()) {
    if (type === Events.Disconnect) listener(false);
    if (type === Events.Reconnect) listener(true);
  }
}

function deniedPublish({ type, permissionContext }: Status): string | undefined {
  const isPublish = type === Events.Error && permissionContext?.operation === 'publish';
  return isPublish ? permissionContext.subject : undefined;
}

/** Whether there is a connection. `refused`: the server refuses these credentials. */
export type LinkState = 'connecting' | 'refused' | 'connected' | 'disconnected' | 'closed';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;

/** A connection that is made, and made again, for ever: from the start on, also when there is no server yet. */
export class NatsLink {
  readonly #options: NatsOptions;
  readonly #log: Logger;
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #denied = new Set<(subject: string) => void>();
  #connection: NatsConnection | undefined;
  #state: LinkState = 'connecting';
  #detail = '';
  #retry: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  constructor(options: NatsOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why there is no connection; empty when there is one. */
  get detail(): string {
    return this.#detail;
  }

  /** The connection while there is one. */
  get connection(): NatsConnection | undefined {
    return this.#state === 'connected' ? this.#connection : undefined;
  }

  /** Version the connected server reports, `0.0.0` without one. */
  get serverVersion(): string {
    return this.#connection?.info?.version ?? '0.0.0';
  }

  /** Calls `listener` on every change. */
  onState(listener: (state: LinkState) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls `listener` with each subject that the server did not let this user publish to. */
  onDenied(listener: (subject: string) => void): void {
    this.#denied.add(listener);
  }

  /** Begins to connect, in the background. */
  start(): void {
    void this.#run();
  }

  /**
   * Connects to another one of the servers that are configured or that the cluster has announced.
   *
   * @returns whether there is another one; without one nothing happens
   */
  move(): boolean {
    const connection = this.connection;
    if (connection === undefined) return false;
    const servers = poolOf(connection);
    if (servers.length() < 2) return false;
    this.#log.warn({ server: connection.getServer() }, 'nats: the server does not answer; another one is tried');
    // After its very first connection the client would choose the same server again.
    if (servers.next() === servers.getCurrentServer()) servers.selectServer();
    void connection.reconnect();
    return true;
  }

  /** Makes the connection again. Messages that were sent and have not arrived are lost. */
  renew(): void {
    void this.connection?.reconnect();
  }

  /** Closes the connection, sending what is buffered first. */
  async close(): Promise<void> {
    this.#set('closed', '');
    clearTimeout(this.#retry);
    this.#wake?.();
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    const flushed = connection.flush().catch(() => undefined);
    await within(flushed, 500);
    await connection.close().catch(() => undefined);
  }

  async #run(): Promise<void> {
    let waitMs = FIRST_RETRY_MS;
    while (this.#state !== 'closed') {
      try {
        const options = await connectionOptions(this.#options);
        const connection = await connectToAny(options, (error) => this.#failed(error));
        if (this.#isClosed()) {
          await connection.close();
          return;
        }
        this.#connection = connection;
        waitMs = FIRST_RETRY_MS;
        this.#set('connected', '');
        void this.#watch(connection);
        const error = await connection.closed();
        if (this.#isClosed()) return;
        this.#set('disconnected', error === undefined ? 'the connection was closed' : describe(error));
      } catch (error) {
        if (this.#isClosed()) return;
        const state = this.#connection === undefined ? 'connecting' : 'disconnected';
        this.#set(isRefusal(codeOf(error)) ? 'refused' : state, `${this.#servers()}: ${describe(error)}`);
      }
      await this.#pause(waitMs * (0.5 + Math.random()));
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (this.#isClosed() || connection !== this.#connection) return;
      if (status.type === Events.Disconnect) this.#set('disconnected', 'the server went away');
      if (status.type === Events.Reconnect) this.#set('connected', '');
      // The server refuses the client now, and the client goes on asking.
      if (status.type === Events.Error && isRefusal(String(status.data)) && !connection.isClosed())
        this.#set('refused', `${this.#servers()}: ${natsWords(String(status.data))}`);
      const denied = deniedPublish(status);
      if (denied !== undefined) for (const listener of this.#denied) listener(denied);
    }
  }

  /** A defect of Sluice while a message was handled. */
  #failed(error: unknown): void {
    this.#log.error({ err: error, code: 'ERR_INTERNAL' }, 'nats: a message could not be handled');
  }

  #servers(): string {
    return describeServers(parseUrls(this.#options));
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#retry = setTimeout(resolve, ms);
      this.#retry.unref();
    });
  }

  #set(state: LinkState, detail: string): void {
    const same = state === this.#state && (detail === this.#detail || state === 'connected');
    if (same || this.#state === 'closed') return;
    const changed = state !== this.#state;
    this.#state = state;
    this.#detail = detail;
    if (NATS_TRACE.hasSubscribers) NATS_TRACE.publish({ what: 'state', name: state, detail });
    if (state === 'connected') {
      if (this.#connection !== undefined) forgetUnsent(this.#connection, () => this.#isClosed());
      this.#log.info({ server: this.#connection?.getServer(), version: this.serverVersion }, 'nats: connected');
    } else if (state !== 'closed') {
      this.#log.warn({ cause: detail }, 'nats: no connection; events wait in the journal');
    }
    if (changed) for (const listener of this.#listeners) listener(state);
  }
}

/** The reason of a failed connection attempt, without secrets. */
function describe(error: unknown): string {
  return natsWords(codeOf(error), (error as Error).message);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}
