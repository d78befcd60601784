import type { AnySluiceEvent, StreamState } from '../../events/event-types.js';

/**
 * What a watcher gets: first one `state` for each live stream, then `synced`, then an `event` for each change. When
 * events are gone that it has not seen (the stream was deleted and made again, or has dropped them), `reset` says that
 * everything so far no longer counts, and it begins again: states, `synced`, events.
 */
export type StreamChange =
  | { readonly kind: 'state'; readonly state: StreamState }
  | { readonly kind: 'synced' }
  | { readonly kind: 'event'; readonly event: AnySluiceEvent }
  | { readonly kind: 'reset'; readonly reason: 'stream_remade' | 'events_missing' };
