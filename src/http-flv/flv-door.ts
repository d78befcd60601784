import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { problemOf } from '../core/problem.js';
import { tellProgram, tellUrl } from '../core/tell.js';
import type { Door } from '../doors/door.js';
import type { NameRequest } from '../live/access.js';
import type { ConnectionInfo } from '../model/connection-info.js';
import { FlvPlay, type FlvPlayOptions } from './flv-play.js';
import { Origins, streamOf } from './flv-request.js';
import { answer, HttpOutlet, NO_CACHE, type Outlet } from './outlet.js';
import { WebSocketOutlet } from './web-socket.js';

/** Bounds of players over HTTP and WebSocket. Every number is a setting. */
export interface FlvDoorOptions extends FlvPlayOptions {
  readonly maxPlayers: number;
  /** Origins whose pages may play, separated by commas. */
  readonly cors: string;
}

/** The parts of a {@link FlvDoor}. */
interface FlvDoorParts {
  readonly door: Door;
  readonly log: Logger;
  readonly nowMs: () => number;
  /**
   * Gives a player a place among the connections of its address and of all.
   *
   * @returns the code of the limit that it would pass
   */
  readonly admit: (address: string) => ErrorCode | undefined;
  /** The place of an admitted player is free. */
  readonly left: (address: string) => void;
}

/** Whether a request may be answered at all. */
type Allows = (request: IncomingMessage) => boolean;

/** Longest name of a client that is kept. */
const MOST_AGENT = 128;
/** Longest URL that is told. */
const MOST_URL = 512;

/**
 * Answers requests for streams as FLV, over HTTP and WebSocket, on whichever servers it is attached to. It stands
 * before the same door as RTMP connections: the same admission, the same events, the same limits.
 */
export class FlvDoor {
  /** Requests that were refused before anybody was asked, by code. */
  readonly refusedBy = new Map<ErrorCode, number>();
  #options: FlvDoorOptions;
  #origins: Origins;
  readonly #parts: FlvDoorParts;
  /** Players, and requests that are being decided, by their socket. */
  readonly #plays = new Map<Socket, FlvPlay>();
  /** Connections that had a place before they asked for anything. */
  readonly #admitted = new WeakSet<Socket>();

  constructor(options: FlvDoorOptions, parts: FlvDoorParts) {
    this.#options = options;
    this.#origins = new Origins(options.cors);
    this.#parts = parts;
  }

  /** Other bounds hold from now on, for players that come. */
  change(options: FlvDoorOptions): void {
    this.#options = options;
    this.#origins = new Origins(options.cors);
  }

  /** Players, those included that are being decided. */
  get players(): number {
    return this.#plays.size;
  }

  /** Gives each connection of a server that serves nothing else its place when it comes, or closes it. */
  guard(server: Server): void {
    server.on('connection', (socket) => {
      const address = socket.remoteAddress ?? '';
      const code = this.#parts.admit(address);
      if (code !== undefined) {
        this.#count(code);
        socket.destroy();
        return;
      }
      this.#admitted.add(socket);
      socket.once('close', () => this.#parts.left(address));
    });
  }

  /**
   * Answers WebSocket handshakes of a server.
   *
   * @param allows whether a request may be answered at all
   */
  watch(server: Server, allows: Allows = () => true): void {
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const stream = streamOf(request.url ?? '');
      const outlet = new WebSocketOutlet(request, socket, head);
      const isSocket = request.headers.upgrade?.toLowerCase() === 'websocket' && request.method === 'GET';
      // Behind a request for a stream, whose answer has no end, nothing can be answered.
      if (this.#plays.has(socket)) outlet.destroy();
      else if (!allows(request)) outlet.refuse(problemOf('ERR_HTTP_HOST_REFUSED'));
      else if (stream === undefined || !isSocket) outlet.refuse(problemOf('ERR_HTTP_NOT_FOUND'));
      else this.#begin(request, stream, outlet);
    });
  }

  /**
   * Answers a request of HTTP.
   *
   * @param allows whether it may be answered at all
   * @returns false when its path is none of a stream: then nothing was done
   */
  handle(request: IncomingMessage, response: ServerResponse, allows: Allows = () => true): boolean {
    const stream = streamOf(request.url ?? '');
    if (stream === undefined) return false;
    const { socket, method = '' } = request;
    const running = this.#plays.get(socket);
    if (running !== undefined) {
      // What follows a request for a stream on its connection has no answer: the stream has no end.
      socket.destroy();
      return true;
    }
    const cors = this.#origins.headers(request);
    if (!allows(request)) answer(response, problemOf('ERR_HTTP_HOST_REFUSED'), { connection: 'close' });
    else if (method === 'OPTIONS') {
      const preflight = { 'access-control-allow-methods': 'GET, HEAD', 'access-control-max-age': '86400' };
      response.writeHead(204, { ...NO_CACHE, ...cors, ...(cors['access-control-allow-origin'] ? preflight : {}) });
      response.end();
    } else if ((method !== 'GET' && method !== 'HEAD') || hasBody(request)) {
      answer(response, problemOf('ERR_HTTP_FLV_METHOD'), { ...cors, allow: 'GET, HEAD, OPTIONS', connection: 'close' });
    } else this.#begin(request, stream, new HttpOutlet(request, response, cors), method === 'HEAD');
    return true;
  }

  /** Deadlines of every player. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const play of [...this.#plays.values()]) play.tick(nowMs);
  }

  /** Ends every player: the server is going. */
  shutdown(): void {
    for (const play of [...this.#plays.values()]) play.shutdown('ERR_SESSION_SHUTDOWN', 'server_drain');
  }

  #begin(request: IncomingMessage, stream: NameRequest, outlet: Outlet, isHead = false): void {
    const { socket } = outlet;
    const address = socket.remoteAddress ?? '';
    const hasPlace = this.#admitted.has(socket);
    const code = this.#refusal(request) ?? (hasPlace ? undefined : this.#parts.admit(address));
    if (code !== undefined) {
      this.#count(code);
      outlet.refuse(problemOf(code), { connection: 'close' });
      return;
    }
    const play = new FlvPlay(outlet, {
      ...{ ...this.#parts, options: this.#options, stream, isHead, info: infoOf(request, stream) },
      over: () => {
        this.#plays.delete(socket);
        if (!hasPlace) this.#parts.left(address);
      },
    });
    this.#plays.set(socket, play);
    play.begin();
  }

  /** Why a request is refused before anybody is asked. */
  #refusal(request: IncomingMessage): ErrorCode | undefined {
    if (!this.#origins.allows(request)) return 'ERR_HTTP_CROSS_ORIGIN';
    return this.#plays.size >= this.#options.maxPlayers ? 'ERR_HTTP_FLV_PLAYERS' : undefined;
  }

  #count(code: ErrorCode): void {
    this.refusedBy.set(code, (this.refusedBy.get(code) ?? 0) + 1);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** What is known of the client, as RTMP clients tell it in connect. */
function infoOf({ headers }: IncomingMessage, { app }: NameRequest): ConnectionInfo {
  const page = headers.referer ?? headers.origin ?? '';
  return {
    app,
    tcUrl: tellUrl(`http://${headers.host ?? ''}/${app}`).slice(0, MOST_URL),
    flashVer: tellProgram(headers['user-agent'] ?? '').slice(0, MOST_AGENT),
    swfUrl: '',
    pageUrl: tellUrl(page).slice(0, MOST_URL),
    objectEncoding: 0,
    isEnhanced: true,
    capsEx: 0,
  };
}
