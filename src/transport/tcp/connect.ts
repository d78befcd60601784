import { Socket } from 'node:net';
import type { ByteChannel } from '../byte-channel.js';
import { TcpChannel, type TcpChannelOptions } from './channel.js';

/** Where to connect to, and from where. */
interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  /** Source address to bind, such as 127.0.0.2. */
  readonly localAddress?: string;
  /** Gives up while connecting; it has no effect afterwards. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a TCP connection.
 *
 * @returns a channel that is not opened yet; the caller's
 * @throws the system's error, such as one with code ECONNREFUSED; the signal's reason when it was aborted
 */
export function connectTcp(
  { host, port, localAddress, signal }: ConnectTarget,
  options: TcpChannelOptions = {},
): Promise<ByteChannel> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ noDelay: true } as ConstructorParameters<typeof Socket>[0]);
    const giveUp = (): void => {
      socket.destroy();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) {
      giveUp();
      return;
    }
    signal?.addEventListener('abort', giveUp, { once: true });
    // Bytes that come before the channel is opened stay in the kernel.
    socket.pause();
    socket.on('error', reject);
    socket.on('close', () => signal?.removeEventListener('abort', giveUp));
    socket.connect({ host, port, localAddress }, () => {
      signal?.removeEventListener('abort', giveUp);
      resolve(new TcpChannel(socket, options));
    });
  });
}
