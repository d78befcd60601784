/** A part of a list, and where the next one begins. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Undefined: there is no more. */
  readonly cursor: string | undefined;
}

/**
 * The items behind a cursor, in the order of their keys. A cursor names the last key of the part before, so that items
 * that come and go meanwhile move nothing.
 *
 * @param keyOf unique; ULIDs sort by age
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  limit: number,
  cursor: string | undefined,
): Page<T> {
  const after = cursor === undefined ? '' : keyAt(cursor);
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const part = rest.slice(0, limit);
  const last = part[part.length - 1];
  return {
    items: part.map(({ item }) => item),
    cursor: rest.length > limit && last !== undefined ? cursorOf(last.key) : undefined,
  };
}

/** The cursor behind the item of this key. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** The key that a cursor names. */
export function keyAt(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}
