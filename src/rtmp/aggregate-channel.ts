import { aggregateFramed } from '../hub/aggregate-framing.js';
import type { OpenChannel } from '../transport/byte-channel.js';

/** What a player's media goes through. */
type PlayChannel = Pick<OpenChannel, 'write' | 'isBehind'>;

interface AggregateOptions {
  /** `play.aggregate`. */
  readonly aggregate?: boolean;
  /** In which players get media, bytes. */
  readonly chunkSize: number;
}

/**
 * The channel itself; or, for a play that asks for it by `aggregate=1` in the query of its name where `play.aggregate`
 * allows that, one that makes aggregates of the messages of each write.
 */
export function playChannel(channel: OpenChannel, query: string, options: AggregateOptions): PlayChannel {
  if (!options.aggregate || new URLSearchParams(query).get('aggregate') !== '1') return channel;
  const { chunkSize } = options;
  return {
    isBehind: (bytes) => channel.isBehind(bytes),
    write: (bytes, drainable) => channel.write(aggregateFramed(bytes, chunkSize), drainable),
  };
}
