import { Socket } from 'node:net';

/** Version and first packet of an RTMP handshake: to both, or to neither, a server that runs says something. */
const HELLO = Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]);

/**
 * Whether a process answers at an address: with a byte, or by closing what it accepted. That a connection is accepted
 * says little, for the kernel does that also for a process that stands still. A port that expects TLS answers too, with
 * an alert or by closing.
 *
 * @param timeoutMs how long is waited, in ms
 * @returns does not reject
 */
export function answersAt(
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const done = (answers: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answers);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    // A connection that nobody accepts is refused; one is reset by the process that had accepted it.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => done(code === 'ECONNRESET' || code === 'EPIPE'));
    socket.on('end', () => done(true));
    socket.on('data', () => done(true));
    socket.connect({ host, port, noDelay: true }, () => socket.write(HELLO));
  });
}
