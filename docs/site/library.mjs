// The pages of the library, as TypeDoc writes them, under the names by which a program imports it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pages of TypeDoc, what they become, and the package that they describe. */
const MODULES = [
  { from: 'index-1.md', to: 'server.md', name: 'sluice' },
  { from: 'client.md', to: 'client.md', name: 'sluice/client' },
];
/** The type ErrorCode, written out by TypeDoc wherever it occurs: every code there is. */
const ALL_CODES = /(?:(?:\\?\| ?\s*)?`?"ERR_[A-Z0-9_]+"`?\s*){12,}/g;

/** Gives the pages in `folder` their names, and puts a first page before them. */
export function nameModules(folder) {
  for (const { from, to, name } of MODULES) {
    const text = readFileSync(join(folder, from), 'utf8')
      .replace(/^# .+$/m, `# ${name}`)
      .replaceAll('(index-1.md', '(server.md')
      .replace(ALL_CODES, ' [`ErrorCode`](/errors) ')
      // The registry is a page of its own.
      .replace(/^(### ERRORS\n)[\s\S]*?^(?=\*\*\*$|## )/m, '$1\nThe registry of [error codes](/errors).\n\n');
    rmSync(join(folder, from));
    writeFileSync(join(folder, to), text);
  }
  const items = MODULES.map(({ to, name }) => `- [${name}](${to})`);
  const text = `# Library: every export\n\nMade by TypeDoc from the declarations of the package.\n\n${items.join('\n')}\n`;
  writeFileSync(join(folder, 'index.md'), text);
}
