import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { TcpAcceptor } from '../transport/tcp/accept.js';

/** Where to listen, or where a listener does. */
export interface HostPort {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/**
 * Has an acceptor listen.
 *
 * @param what it is for, as errors name it
 * @returns the address in use; the port is a real one also when 0 was asked for
 * @throws SluiceError `ERR_LISTEN`
 */
export async function listenOn(
  acceptor: TcpAcceptor,
  { host, port }: HostPort,
  what: 'rtmp' | 'rtmps',
  log: Logger,
): Promise<HostPort> {
  try {
    return await acceptor.listen({ host, port }, (error) => log.error({ err: error }, `the ${what} listener failed`));
  } catch (error) {
    const { message } = error as Error;
    throw new SluiceError('ERR_LISTEN', `${what} ${host}:${port}: ${message}`, { cause: error });
  }
}
