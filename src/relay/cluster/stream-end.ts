import type { SluiceError } from '../../core/errors.js';

/** Words of a server that ends its connections and not its streams. */
const GOING_CODES: ReadonlySet<unknown> = new Set([
  'NetConnection.Connect.AppShutdown',
  'NetConnection.Connect.Closed',
]);

/** Whether a connection to the owner of a stream is over because the owner has told that the stream is. */
export function isStreamEnd(error: SluiceError | undefined): boolean {
  return error?.code === 'ERR_CLIENT_ENDED' && !GOING_CODES.has(error.details?.['rtmpCode']);
}
