import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Makes the socket of a connection drop unsent bytes when it is closed. A plain close leaves them to the kernel, which
 * goes on sending them for minutes: an event from before a cut would arrive after another node has ended its stream. A
 * reset drops them.
 *
 * @param connection of nats.js; a socket under TLS is left as it is, because its records cannot be dropped one by one
 * @param isOrderly asked at the close: whether everything has been flushed, so that nothing has to be dropped
 */
export function forgetUnsent(connection: object, isOrderly: () => boolean): void {
  const { transport } = (connection as { protocol?: { transport?: { socket?: unknown } } }).protocol ?? {};
  const socket = transport?.socket;
  if (!(socket instanceof Socket) || socket instanceof TLSSocket) return;
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error) => {
    socket.destroy = destroy;
    return error === undefined && !isOrderly() ? socket.resetAndDestroy() : destroy(error);
  };
}
