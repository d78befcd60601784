import type { Config } from '../config/table.js';
import type { Logger } from '../core/log.js';
import type { Parts } from './parts.js';
import type { Places } from './places.js';
import { listenRtmpt } from './rtmpt.js';

/** Begins to accept clients on every address of its own that the settings have. @throws SluiceError `ERR_LISTEN` */
export async function listenAll(
  config: Config,
  places: Places,
  { listener, tunnel, flvListener }: Pick<Parts, 'listener' | 'tunnel' | 'flvListener'>,
  log: Logger,
): Promise<void> {
  await places.listen(listener);
  await listenRtmpt(config, tunnel, log);
  await flvListener?.listen();
}
