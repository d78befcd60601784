/**
 * The `sequence` that an event's subject names, when it counts in its stream's sequence: `stream.*` and `play.*` do. Files and relays count
 * on their own, and so do the players of another node, whose last token names the count as well.
 *
 * @returns `undefined` for events that count elsewhere; infinity for the end, which follows everything
 */
export function countedSequence(subject: string): number | undefined {
  const [entity, verb, last] = subject.split('.').slice(-3);
  if (entity !== 'stream' && entity !== 'play') return undefined;
  if (verb === 'rejected') return undefined;
  if (entity === 'stream' && verb === 'ended') return Number.POSITIVE_INFINITY;
  return /^\d+$/.test(last) ? Number(last) : undefined;
}
