// The order of the pages, which docs/README.md gives: its headings are the groups of the sidebar, its list items the pages.

/**
 * Reads the map of docs/README.md.
 *
 * @returns groups of `{ text, pages }`, each page `{ text, path }` with a path relative to docs/
 */
export function readMap(markdown) {
  const groups = [];
  for (const line of markdown.split('\n')) {
    const heading = /^## (.+)$/.exec(line);
    if (heading !== null) groups.push({ text: heading[1], pages: [] });
    const item = /^- \[([^\]]+)\]\(([^)#\s]+)\)/.exec(line);
    if (item !== null && groups.length > 0) groups.at(-1).pages.push({ text: item[1], path: item[2] });
  }
  return groups.filter(({ pages }) => pages.length > 0);
}
