import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../repository.js';

/** The top folder of this repository. */
export const root = repository();

/** Every file that is or would be committed, as paths from the root with `/`. */
export function files(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  return listed
    .toString('utf8')
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));
}

/** The text of a file. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Whether a file is text that people write and read. */
export function isText(path: string): boolean {
  return /\.(?:tsx?|mjs|js|json|md|yml|yaml|html|css|sh)$|^(?:LICENSE|\.editorconfig|\.ci\/run|\.gitignore|\.npmrc)$/.test(
    path,
  );
}

/** The source of an imported `.js` file: a `.ts`, or a `.tsx` for a component of the page. */
export function sourceOf(path: string): string {
  const file = path.replace(/\.js$/, '.ts');
  return existsSync(join(root, `${file}x`)) ? `${file}x` : file;
}

/** Modules that a TypeScript file imports, exports from or requires, in the order of the text. */
export function importsOf(source: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|\b(?:require|createRequire\(import\.meta\.url\))\(\s*'([^']+)'\s*\)/g;
  return [...source.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}
