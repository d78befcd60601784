import { parseStreamSubject, sequenceIn } from '../subjects.js';

/**
 * The `sequence` in an event's subject, when it counts in its stream's sequence, as for `stream.*` and `play.*`. Files
 * and relays count on their own, and so do the players of another node, whose last token has that count as well.
 *
 * @returns `undefined` for events that count elsewhere; infinity for the end, which follows everything
 */
export function countedSequence(subject: string): number | undefined {
  const parts = parseStreamSubject(subject);
  if (parts === undefined) return undefined;
  const { entity, verb } = parts;
  if (entity !== 'stream' && entity !== 'play') return undefined;
  if (verb === 'rejected') return undefined;
  return entity === 'stream' && verb === 'ended' ? Number.POSITIVE_INFINITY : sequenceIn(parts);
}
