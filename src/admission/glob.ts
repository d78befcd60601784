/**
 * Compiles a glob into a test of whole texts: `*` is any text without `/`, `**` any text, `?` one character that is no
 * `/`. Everything else stands for itself.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  if (literalPrefix(glob) === glob) return (text) => text === glob;
  const pattern = globPattern(glob);
  return (text) => pattern.test(text);
}

/** What every text that fits a glob begins with: all of it when it has no wildcard. */
export function literalPrefix(glob: string): string {
  return glob.slice(0, /[*?]|$/.exec(glob)!.index);
}

function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*{2,}|[*?]|[.+^${}()|[\]\\/]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.startsWith('**') ? '.*' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 'su');
}
