/**
 * One text for an app and a stream name, as a key for look-ups. Names with a zero byte are refused, so no two pairs
 * have the same key.
 */
export function nameKey(of: { readonly app: string; readonly name: string }): string {
  return `${of.app}\0${of.name}`;
}
