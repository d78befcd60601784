import type { Config } from '../config/table.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { Door } from '../doors/door.js';
import { FlvDoor } from '../http-flv/flv-door.js';
import { FlvListener } from '../http-flv/flv-listener.js';
import type { RtmpListener } from '../rtmp/rtmp-listener.js';
import { flvDoorOptions, flvListenerOptions } from './options.js';

/** What players over HTTP and WebSocket need. */
interface FlvDeps {
  readonly door: Door;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly memory: MemoryAccount;
  /** Its limits count connections of every kind. */
  readonly listener: () => Pick<RtmpListener, 'limits'>;
  /** Most connections for which there are file descriptors now. */
  readonly descriptorShare: () => number;
}

/** Makes the door of players over HTTP, and the server of their own where they have one. Nothing listens yet. */
export function makeFlv(
  config: Config,
  { listener, memory, descriptorShare, ...deps }: FlvDeps,
): { readonly flv: FlvDoor; readonly flvListener: FlvListener | undefined } {
  const flv = new FlvDoor(flvDoorOptions(config), {
    ...deps,
    admit: (address) => listener().limits.admit(address, deps.nowMs(), descriptorShare()),
    left: (address) => listener().limits.left(address),
  });
  const options = flvListenerOptions(config);
  if (options === undefined) return { flv, flvListener: undefined };
  const flvListener = new FlvListener(options, flv, deps.log);
  flvListener.joinAccount(memory);
  return { flv, flvListener };
}
