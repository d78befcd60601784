/**
 * Whether text for a stream is painted: it is a terminal, one that can, and nobody has asked for plain text with
 * `NO_COLOR`.
 */
export function showsColours(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
