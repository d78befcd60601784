/**
 * Compiles a glob into a regular expression for whole texts: `*` is any text without `/`, `**` any text, `?` one
 * character that is no `/`. Everything else stands for itself.
 */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*{2,}|[*?]|[.+^${}()|[\]\\/]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.startsWith('**') ? '.*' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 'su');
}
