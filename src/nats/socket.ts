import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Makes a connection's socket forget what is still unsent when it is given up. A plain close leaves that to the kernel,
 * which goes on sending it for minutes: an event from before a cut would arrive after another node has ended its
 * stream. A reset takes it back.
 *
 * @param connection of nats.js; a socket under TLS is left as it is, for its records cannot be taken back one by one
 * @param isOrderly asked at the close: whether everything has been flushed, so that nothing has to be taken back
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
