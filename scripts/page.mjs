// Makes one folder of the page: index.html, and beside it scripts and styles whose names change with their content,
// each also compressed. The server serves the folder as it is.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { root } from './lib.mjs';

/** Browsers that have what the page needs: `light-dark()`, and MSE or WebCodecs. */
const TARGET = ['chrome123', 'firefox120', 'safari17.5'];
/** Packages that the page is bundled from. A bundle with another one's code is refused. */
const PACKAGES = ['mpegts.js', 'preact', 'uplot'];

/**
 * Names of all packages whose code is in the page, whose licences go with it and which the list of parts (SBOM) of a
 * release names: those that it is bundled from, and those that they had bundled themselves.
 */
export function pagePackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const names = new Set(PACKAGES);
  for (const name of names) {
    for (const inner of Object.keys(packages[`node_modules/${name}`].dependencies ?? {})) names.add(inner);
  }
  return [...names].sort();
}

/**
 * Writes the page to `folder`, which is made.
 *
 * @returns what the bundler objected to, or ''
 */
export async function bundlePage(folder) {
  const { build } = await import('esbuild');
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: { app: join(root, 'src/page/main.tsx') },
      outdir: join(root, folder),
      entryNames: '[name]-[hash]',
      chunkNames: '[name]-[hash]',
      bundle: true,
      splitting: true,
      format: 'esm',
      minify: true,
      target: TARGET,
      jsx: 'automatic',
      jsxImportSource: 'preact',
      tsconfigRaw: {},
      legalComments: 'none',
      logLevel: 'silent',
      write: false,
      metafile: true,
    });
    const others = packagesIn(metafile).filter((name) => !PACKAGES.includes(name));
    if (others.length > 0) return `The page has code of ${others.join(', ')}: list it as PACKAGES in scripts/page.mjs.`;
    mkdirSync(join(root, folder), { recursive: true });
    for (const { path, contents } of outputFiles) write(folder, basename(path), Buffer.from(contents));
    const named = (ending) => outputFiles.map(({ path }) => basename(path)).find((name) => isEntry(name, ending));
    const icon = readFileSync(join(root, 'src/page/icon.svg'));
    const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
    write(folder, iconName, icon);
    const names = { 'app.js': named('js'), 'app.css': named('css'), 'icon.svg': iconName };
    const html = readFileSync(join(root, 'src/page/index.html'), 'utf8');
    write(folder, 'index.html', Buffer.from(html.replace(/\{\{(.+?)\}\}/g, (_, name) => names[name])));
    writeFileSync(join(root, folder, 'LICENSES.txt'), licences());
    return '';
  } catch (error) {
    return String(error.message ?? error);
  }
}

function isEntry(name, ending) {
  return name.startsWith('app-') && name.endsWith(`.${ending}`);
}

/** A file, and what is sent of it to browsers that take it compressed. */
function write(folder, name, bytes) {
  const path = join(root, folder, name);
  writeFileSync(path, bytes);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(
    `${path}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  );
}

/** Packages that a bundle was made from. */
function packagesIn({ inputs }) {
  const found = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(found.filter((name) => name !== undefined))];
}

function licences() {
  return pagePackages()
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
    })
    .join('\n\n');
}
