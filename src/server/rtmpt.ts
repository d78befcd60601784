import { parseListen } from '../config/listen.js';
import type { Config } from '../config/table.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { RtmpListener } from '../rtmp/rtmp-listener.js';
import { HttpTunnel } from '../transport/tunnel/tunnel.js';
import { tunnelOptions } from './options.js';

/** What RTMPT needs. */
interface RtmptDeps {
  readonly nowMs: () => number;
  readonly listener: Pick<RtmpListener, 'take'>;
  readonly refused: (code: ErrorCode, address: string) => void;
  readonly descriptorShare: () => number;
}

/** Makes the tunnel, whose sessions are connections of the listener. @returns undefined while RTMPT is off */
export function makeTunnel(config: Config, deps: RtmptDeps): HttpTunnel | undefined {
  if (!config.rtmpt.enabled) return undefined;
  const { nowMs, listener, refused, descriptorShare } = deps;
  const accepted: RtmpListener['take'] = (channel) => listener.take(channel);
  return new HttpTunnel(tunnelOptions(config), { nowMs, accepted, refused, descriptorShare });
}

/**
 * Has RTMPT listen on a port of its own, when `rtmpt.listen` names one.
 *
 * @throws SluiceError `ERR_LISTEN`
 */
export async function listenRtmpt(
  { rtmpt }: Pick<Config, 'rtmpt'>,
  tunnel: HttpTunnel | undefined,
  log: Logger,
): Promise<void> {
  if (tunnel === undefined || rtmpt.listen === 'off') return;
  try {
    const failed = (error: Error): void => log.error({ err: error }, 'the RTMPT listener failed');
    const port = await tunnel.listen(parseListen(rtmpt.listen), failed);
    log.info({ port }, 'RTMPT has a port of its own');
  } catch (error) {
    throw new SluiceError('ERR_LISTEN', `rtmpt ${rtmpt.listen}: ${(error as Error).message}`, { cause: error });
  }
}
