import type { IncomingMessage, ServerResponse } from 'node:http';

/** One HTTP request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** To be called when bytes of the body have come, and when the answer is complete: the connection is in use. */
  readonly heard: () => void;
}

/** What is sent as the text of a refusal, by its status. */
const REFUSALS = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  503: 'Service Unavailable',
} as const;

/** A status that says no. */
export type Refusal = keyof typeof REFUSALS;

/**
 * Answers a request with bytes. The header names are spelled as here and the length is always told, because librtmp
 * looks for `Content-Length: ` and reads no chunks.
 */
export function answer({ response, heard }: Exchange, bytes: Buffer | string): void {
  heard();
  response.writeHead(200, {
    'Content-Type': 'application/x-fcs',
    'Content-Length': Buffer.byteLength(bytes),
    'Cache-Control': 'no-store',
  });
  response.end(bytes);
}

/**
 * Answers a request with a refusal. What is left of its body is discarded, and the connection goes on, except after a
 * body that is too long: nobody reads to its end.
 *
 * @param most bytes of the body that are read to its end
 * @returns false when it has an answer already
 */
export function refuse({ request, response, heard }: Exchange, status: Refusal, most: number): boolean {
  if (response.headersSent || response.destroyed) return false;
  heard();
  const text = REFUSALS[status];
  const isTooLong = status === 413;
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': text.length,
    ...(status === 405 ? { Allow: 'POST' } : {}),
    ...(isTooLong ? { Connection: 'close' } : {}),
  });
  response.end(text);
  if (isTooLong) response.once('close', () => request.socket.destroy());
  discard(request, most);
  return true;
}

/** Reads a body to its end without keeping it. Past `most` bytes its connection is closed. */
export function discard(request: IncomingMessage, most: number): void {
  let got = 0;
  request.removeAllListeners('data');
  request.on('data', (bytes: Buffer) => {
    got += bytes.length;
    if (got > most) request.socket.destroy();
  });
  request.resume();
}

/** Closes the connection under a request that another one has taken the place of. */
export function abandon({ request }: Exchange): void {
  request.socket.destroy();
}
