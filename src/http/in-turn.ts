import type { ServerResponse } from 'node:http';

/**
 * Answers a request when all that came before it on its connection are answered. A response that waits for them is
 * never told that its connection has gone, so that whatever was begun for it, such as an open file or a follower, would
 * stay for good: here nothing is begun, and what waits is forgotten with the connection.
 */
export function inTurn(response: ServerResponse, answer: () => void): void {
  if (response.socket !== null) answer();
  // The response is given its socket in the middle of a call that goes on with it.
  else response.once('socket', () => queueMicrotask(answer));
}
