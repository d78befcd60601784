import type { ErrorCode } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { Uncollected } from '../core/uncollected.js';
import type { Door } from '../doors/door.js';
import type { RecordedPlayers } from '../doors/recorded-player.js';
import { prepareKeyAgreement } from '../link/key-agreement.js';
import { toldEnd } from '../live/told-end.js';
import type { SharedObjects } from '../shared-objects/shared-objects.js';
import { type ConnectionLimitOptions, ConnectionLimits } from '../transport/accept-limits.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import type { HttpConnections } from '../transport/http-connections.js';
import { TcpAcceptor } from '../transport/tcp/accept.js';
import type { TcpChannel } from '../transport/tcp/channel.js';
import { unacknowledgedBytes } from '../transport/tcp/kernel-queues.js';
import type { Certificates } from '../transport/tls/certificates.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import type { CodecPool } from '../wasm/pool.js';
import { Arrivals } from './arrivals.js';
import type { Captures } from './captures.js';
import type { ConnectionOptions } from './connection-options.js';
import { handshakeEntropy } from './handshake-entropy.js';
import { IdleConnections } from './idle-connections.js';
import { LoopShare } from './input-turn.js';
import { type HostPort, listenOn } from './listen-on.js';
import type { StallWatch } from './peer-progress.js';
import { ReadPacer } from './read-pacing.js';
import { RtmpConnection } from './rtmp-connection.js';
import { tracedChannel } from './traced-channel.js';

/** Options of a listener. */
export interface ListenerOptions extends ConnectionOptions, ConnectionLimitOptions {
  readonly host: string;
  readonly port: number;
  /** How often a stream without players is read, in ms; 0: as its bytes come. */
  readonly unwatchedReadMs: number;
  /** Whether the first byte of a connection tells what it speaks; if not, all are taken for RTMP. */
  readonly sniff?: boolean;
  /** Where connections come in of which anything but TLS is refused; undefined: nowhere. */
  readonly secure?: HostPort | undefined;
}

/** The parts that a listener needs. */
export interface ListenerParts {
  readonly codecs: CodecPool;
  /** The way to streams, for all connections. */
  readonly door: Door;
  /** Shared objects, for all connections. */
  readonly objects: SharedObjects;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Keeps what connections send, for files about those that fail; undefined: nothing is kept. */
  readonly captures?: Captures | undefined;
  /** For TLS; without it the RTMP handshake refuses those that speak TLS. Asked for each connection. */
  readonly certificates?: () => Certificates | undefined;
  /** Plays files; undefined: there are none. */
  readonly recorded?: RecordedPlayers | undefined;
  /** Takes connections that speak HTTP; without it the RTMP handshake refuses them. */
  readonly http?: HttpConnections | undefined;
  /** A socket was refused before it became a connection. */
  readonly refused: (code: ErrorCode, address: string) => void;
  /** Most connections for which there are file descriptors now; without it there is no such bound. */
  readonly descriptorShare?: () => number;
  /** What the kernel knows of sockets; default: its list for this machine. */
  readonly kernelQueues?: typeof unacknowledgedBytes;
}

/** How long deadlines are checked before everything else has a turn of the event loop, in ms. */
const WALK_MS = 8;
/**
 * Bytes that one connection takes besides its WebAssembly memory: the socket with its handle, session, WebAssembly
 * instance and views. The resident memory of 5,000 connections that send nothing was 90 MB above their memories.
 */
const CONNECTION_BYTES = 18_432;
/** Bytes that TLS takes for a connection, at most: the objects of OpenSSL and Node, and the buffers between them. */
const TLS_BYTES = 65_536;
/** Bytes that a connection over TLS may have encrypted that the kernel has not taken. */
const TLS_PIECE_BYTES = 65_536;

/** Accepts RTMP connections within the limits and keeps the list of them. */
export class RtmpListener {
  readonly connections = new Set<RtmpConnection>();
  /** Connections whose connect was not accepted at the last check. */
  readonly #young = new Set<RtmpConnection>();
  /** Connections accepted since the start. */
  accepted = 0;
  #options: ListenerOptions;
  readonly #parts: ListenerParts;
  readonly #acceptor: TcpAcceptor;
  readonly #secureAcceptor: TcpAcceptor;
  /** Connections of which it is not known yet what they speak. */
  readonly #arrivals: Arrivals;
  readonly #pacer: ReadPacer;
  readonly #share: LoopShare;
  /** Places of connections, by address and in all. Other doors take theirs here, too. */
  readonly limits: ConnectionLimits;
  #asking = false;
  #hasStopped = false;
  /** Sets of connections whose walk is under way. */
  readonly #walks = new Set<ReadonlySet<RtmpConnection>>();
  #controlBytes = 0;
  #encryptedBytes = 0;
  readonly #dropped = new Uncollected();
  readonly #codecs = new Map<RtmpConnection, ChunkCodec>();
  /** Address under which each connection was admitted; undefined: another node's, which counts for no address. */
  readonly #places = new Map<RtmpConnection, string | undefined>();
  readonly #idle = new IdleConnections<RtmpConnection>();

  constructor(options: ListenerOptions, parts: ListenerParts) {
    this.#options = options;
    this.#parts = parts;
    this.#pacer = new ReadPacer(options.unwatchedReadMs);
    this.#share = new LoopShare(parts.nowMs);
    this.limits = new ConnectionLimits(options);
    this.#arrivals = new Arrivals({
      ...{ door: parts.door, nowMs: parts.nowMs, http: parts.http },
      certificates: () => parts.certificates?.(),
      limits: () => this.#options,
      rtmp: (channel, acceptedMs, address) => this.#begin(channel, acceptedMs, address),
      left: (address) => this.limits.left(address),
    });
    const direct = { direct: options.directReads };
    this.#acceptor = new TcpAcceptor(direct, (channel) => this.#arrive(channel));
    this.#secureAcceptor = new TcpAcceptor(direct, (channel) => this.#arrive(channel, true));
  }

  /**
   * Begins to accept.
   *
   * @returns the address in use; the port is a real one also when 0 was asked for
   * @throws SluiceError `ERR_LISTEN`
   */
  async listen(): Promise<HostPort> {
    if (this.#options.encrypted === true) prepareKeyAgreement();
    return listenOn(this.#acceptor, this.#options, 'rtmp', this.#parts.log);
  }

  /**
   * Begins to accept where only TLS is taken.
   *
   * @returns the address in use; undefined when there is no such place
   * @throws SluiceError `ERR_LISTEN`
   */
  async listenSecure(): Promise<HostPort | undefined> {
    const { secure } = this.#options;
    return secure && listenOn(this.#secureAcceptor, secure, 'rtmps', this.#parts.log);
  }

  /** Other options hold from now on: the limits at once, the rest for connections that come. */
  change(options: ListenerOptions): void {
    this.#options = options;
    this.limits.change(options);
  }

  /** Connections whose connect was accepted and that neither publish nor play. */
  get idle(): number {
    return this.#idle.size;
  }

  /** Connections open, those included that have not told what they speak. */
  get open(): number {
    return this.connections.size + this.#arrivals.size;
  }

  /** Sockets open, those included that were found to speak HTTP. */
  get sockets(): number {
    return this.open + this.#arrivals.http;
  }

  /** Connections whose bytes come through TLS, handshakes included. */
  get secure(): number {
    return this.#arrivals.secure;
  }

  /** Stops accepting, by every way; connections go on, except those that have said nothing so far. */
  stop(): void {
    this.#hasStopped = true;
    this.#acceptor.close();
    this.#secureAcceptor.close();
    this.#arrivals.endAll();
  }

  /** Deadlines of every connection. Call it about once a second. */
  tick(nowMs: number): void {
    this.#arrivals.tick(nowMs);
    let controlBytes = 0;
    let encryptedBytes = 0;
    this.#walk(
      this.connections,
      (connection) => {
        connection.tick(nowMs);
        const { channel } = connection.stallWatch;
        controlBytes += channel.pendingBytes;
        if (channel.transport === 'rtmps') encryptedBytes += Math.min(channel.unsentBytes, TLS_PIECE_BYTES);
      },
      () => {
        this.#controlBytes = controlBytes;
        this.#encryptedBytes = encryptedBytes;
        this.#askKernel(nowMs);
      },
    );
  }

  /**
   * Visits all of these connections, unless that is being done already, with turns of the event loop in between when it
   * takes long: thousands may be due at once.
   */
  #walk(
    connections: ReadonlySet<RtmpConnection>,
    visit: (connection: RtmpConnection) => void,
    done: () => void = () => {},
  ): void {
    if (this.#walks.has(connections)) return;
    this.#walks.add(connections);
    const left = connections.values();
    const goOn = (): void => {
      const untilMs = this.#parts.nowMs() + WALK_MS;
      for (let next = left.next(); next.done !== true; next = left.next()) {
        visit(next.value);
        if (this.#parts.nowMs() < untilMs) continue;
        setImmediate(goOn);
        return;
      }
      this.#walks.delete(connections);
      done();
    };
    goOn();
  }

  /**
   * Registers connections, and control messages that their sockets hold, on the memory account, and which connections
   * are closed to free memory.
   */
  joinAccount(account: MemoryAccount): void {
    account.register('connections', () => this.sockets * CONNECTION_BYTES);
    account.register('tls', () => this.#arrivals.secure * TLS_BYTES + this.#encryptedBytes);
    account.register('connections_dropped', () => this.#dropped.bytes);
    account.register('control', () => this.#controlBytes);
    account.onRelief('idle_publishers', (overBytes) => this.#closeIdlePublishers(overBytes));
    account.onRelief('partial_messages', (overBytes) => this.#closeMostPartial(overBytes));
  }

  /**
   * Closes idle connections that keep the memory of a publisher, the longest idle first. @returns bytes that are on
   * their way to being free
   */
  #closeIdlePublishers(overBytes: number): number {
    let freed = 0;
    for (const connection of [...this.#idle]) {
      if (freed >= overBytes) break;
      const { reusable, touchedBytes, reassemblyBytes } = this.#codecs.get(connection)!;
      if (reusable) continue;
      freed += touchedBytes + reassemblyBytes;
      this.#close(connection);
    }
    return freed;
  }

  /** Closes connections with most bytes of unfinished messages. @returns bytes that are on their way to being free */
  #closeMostPartial(overBytes: number): number {
    const holders = [...this.#codecs].filter(([, { reassemblyBytes }]) => reassemblyBytes > 0);
    holders.sort(([, a], [, b]) => b.reassemblyBytes - a.reassemblyBytes);
    let freed = 0;
    for (const [connection, { reassemblyBytes }] of holders) {
      if (freed >= overBytes) break;
      freed += reassemblyBytes;
      connection.shutdown('limit', toldEnd('ERR_LIMIT_MEMORY'), 'limit');
    }
    return freed;
  }

  /** Asks the kernel what the peers of players that seem to take nothing have acknowledged. One question at a time. */
  #askKernel(nowMs: number): void {
    if (this.#asking) return;
    const suspects: StallWatch[] = [];
    for (const { playing, stallWatch } of this.connections) {
      if (playing > 0 && stallWatch.isSuspect(nowMs)) suspects.push(stallWatch);
    }
    if (suspects.length === 0) return;
    this.#asking = true;
    const ask = this.#parts.kernelQueues ?? unacknowledgedBytes;
    void ask(suspects.map(({ channel }) => channel)).then((found) => {
      this.#asking = false;
      const now = this.#parts.nowMs();
      for (const [index, bytes] of found) suspects[index].unacknowledged(bytes, now);
    });
  }

  /** The short deadlines of connections whose connect was not accepted yet. Call it a few times a second. */
  tickYoung(nowMs: number): void {
    this.#arrivals.tick(nowMs);
    this.#walk(this.#young, (connection) => {
      if (connection.isYoung) connection.tick(nowMs);
      else this.#young.delete(connection);
    });
  }

  /** Closes the connection that has been idle for longest. @returns false when none is idle */
  #makeRoom(): boolean {
    const { longest } = this.#idle;
    if (longest === undefined) return false;
    this.#close(longest);
    return true;
  }

  /** Closes an idle connection; its place is free on return. */
  #close(connection: RtmpConnection): void {
    this.#vacate(connection);
    connection.makeWay();
  }

  /** The place of a connection is free; later calls do nothing. */
  #vacate(connection: RtmpConnection): void {
    this.connections.delete(connection);
    this.#young.delete(connection);
    this.#idle.note(connection, false);
    const address = this.#places.get(connection);
    if (this.#places.delete(connection)) this.limits.left(address);
  }

  /**
   * Takes an accepted connection that speaks RTMP, within the limits; one that is too many is destroyed.
   *
   * @param channel not opened yet; the listener owns it from here on
   */
  take(channel: ByteChannel): void {
    const address = this.#hasStopped ? undefined : this.#admitted(channel);
    if (address !== undefined) this.#begin(channel, this.#parts.nowMs(), address);
    else channel.destroy();
  }

  #arrive(channel: TcpChannel, onlyTls = false): void {
    if (!onlyTls && this.#options.sniff !== true) {
      this.take(channel);
      return;
    }
    const address = this.#admitted(channel);
    if (address !== undefined) this.#arrivals.add(channel, address, onlyTls);
  }

  /** Gives a connection a place, or destroys it. @returns the address whose place it is */
  #admitted(channel: ByteChannel): string | undefined {
    const address = channel.remoteAddress;
    const code = this.limits.admit(address, this.#parts.nowMs(), this.#parts.descriptorShare?.(), () =>
      this.#makeRoom(),
    );
    if (code === undefined) return address;
    channel.destroy();
    this.#parts.refused(code, address);
    return undefined;
  }

  /** Makes an admitted connection an RTMP connection. */
  #begin(channel: ByteChannel, acceptedMs: number, address: string): void {
    const { codecs, door, objects, log, nowMs, captures, recorded } = this.#parts;
    let codec: ReturnType<CodecPool['acquire']>;
    try {
      codec = codecs.acquire();
    } catch (error) {
      // V8 has no address space for another memory: this socket is refused, everything else goes on.
      this.limits.left(address);
      channel.destroy();
      log.error({ err: error }, 'no memory for another connection');
      this.#parts.refused('ERR_LIMIT_CONNECTIONS', address);
      return;
    }
    this.accepted++;
    const connectionId = newId();
    const capture = captures?.watch(channel);
    const connection: RtmpConnection = new RtmpConnection(tracedChannel(capture?.channel ?? channel, connectionId), {
      ...{ connectionId, acceptedMs, codec, door, objects, recorded, log, nowMs },
      options: this.#options,
      pacer: this.#pacer,
      share: this.#share,
      entropy: handshakeEntropy(this.accepted),
      capture,
      idle: (isIdle) => this.#idle.note(connection, isIdle),
      nodeCame: () => {
        if (!this.#places.has(connection)) return;
        this.#places.set(connection, undefined);
        this.limits.nodeAt(address, nowMs());
      },
      released: (used) => {
        this.#vacate(connection);
        this.#dropped.letGo(connection, CONNECTION_BYTES);
        this.#codecs.delete(connection);
        codecs.release(used);
      },
    });
    this.connections.add(connection);
    this.#young.add(connection);
    this.#places.set(connection, address);
    this.#codecs.set(connection, codec);
    door.opened(connection.facts);
  }
}
