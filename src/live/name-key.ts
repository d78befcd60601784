/** One text for an app and a stream name, to look things up by: no name holds a zero byte that is not refused. */
export function nameKey(of: { readonly app: string; readonly name: string }): string {
  return `${of.app}\0${of.name}`;
}
