/** Most runs of wildcards of any length for a regular expression: with two it looks at n² places of a text at most. */
const MAX_RUNS = 2;

/**
 * Compiles a glob into a test of whole texts: `*` is any text without `/`, `**` any text, `?` one character that is no
 * `/`. Everything else stands for itself. The time of a test grows at most with the square of the lengths.
 */
export function globMatcher(glob: string): (text: string) => boolean {
  if (literalPrefix(glob) === glob) return (text) => text === glob;
  const parts = glob.match(/\*{2,}|./gsu)!;
  // A regular expression with n of them may look at every way to share a text among n: 20 s for four of them and 512
  // characters, and the text is the client's.
  if (parts.filter((part) => part.startsWith('*')).length > MAX_RUNS) return (text) => fits(parts, text);
  const pattern = new RegExp(`^${parts.map(patternOf).join('')}$`, 'su');
  return (text) => pattern.test(text);
}

/** What every text that fits a glob begins with: all of it when it has no wildcard. */
export function literalPrefix(glob: string): string {
  return glob.slice(0, /[*?]|$/.exec(glob)!.index);
}

function patternOf(part: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part.startsWith('*')) return '.*';
  return part.replace(/[.+^${}()|[\]\\/]/, '\\$&');
}

/** Follows all ways through the parts at once, character by character. */
function fits(parts: readonly string[], text: string): boolean {
  let places = new Set<number>();
  reach(0, parts, places);
  for (const character of text) {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[place];
      if (part === undefined) continue;
      const isWild = part === '*' || part === '?';
      if (isWild ? character === '/' : !part.startsWith('*') && part !== character) continue;
      reach(part.startsWith('*') ? place : place + 1, parts, next);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(parts.length);
}

/** Adds a place, and those behind it that need no character. */
function reach(place: number, parts: readonly string[], places: Set<number>): void {
  for (let at = place; !places.has(at); at++) {
    places.add(at);
    if (parts[at]?.startsWith('*') !== true) return;
  }
}
