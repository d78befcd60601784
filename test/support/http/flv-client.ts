import { type ClientRequest, get, type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';

/** What a request for a stream was answered with. */
export interface FlvAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Resolves with the whole body at its end. */
  readonly body: Promise<Buffer>;
  readonly request: ClientRequest;
  /** Bytes of the body so far. */
  received(): number;
}

/** Gets a stream over HTTP. Resolves when the headers have come. */
export function getFlv(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<FlvAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, method, agent: false }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
      });
      const body = new Promise<Buffer>((done) => {
        response.on('close', () => done(Buffer.concat(parts)));
      });
      response.on('error', () => undefined);
      const { statusCode: status = 0, headers: answered } = response;
      resolve({ status, headers: answered, body, request, received: () => bytes });
    });
    request.on('error', reject);
  });
}

/** The code of a problem that a request is answered with. */
export async function problemOf(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<[number, string]> {
  const { status, body } = await getFlv(url, headers, method);
  return [status, (JSON.parse((await body).toString()) as { code: string }).code];
}

/** What a WebSocket got. */
export interface SocketEnd {
  readonly messages: readonly Buffer[];
  readonly code: number;
}

/** Plays over WebSocket until it is closed. Rejects with the status when the handshake is refused. */
export function playWebSocket(
  url: string,
  options: { headers?: Record<string, string>; opened?: (socket: WebSocket) => void } = {},
): Promise<SocketEnd> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers: options.headers ?? {} });
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) reject(new Error('a text message'));
      messages.push(data);
    });
    socket.on('open', () => options.opened?.(socket));
    socket.on('error', reject);
    socket.on('close', (code) => resolve({ messages, code }));
  });
}
