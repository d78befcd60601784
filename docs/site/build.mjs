// npm run docs:site: the documents as a site, into docs/site/dist. With --preview it is served on this machine afterwards.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from '../../scripts/build.mjs';
import { capture, fail, filesUnder, root, run, say, seconds } from '../../scripts/lib.mjs';
import { renderEvents } from './events-page.mjs';
import { renderHttp } from './http-page.mjs';
import { nameModules } from './library.mjs';
import { stageDocuments } from './stage.mjs';

const SITE = 'docs/site';
const at = (path) => join(root, SITE, path);

const started = performance.now();
await build();
await install();
rmSync(at('.cache/pages'), { recursive: true, force: true });
const sidebar = stageDocuments(at('.cache/pages'));
await writeReference(sidebar);
writeFileSync(at('.cache/sidebar.json'), JSON.stringify(sidebar));
say('Making the site …');
const { code, text } = await program('vitepress/bin/vitepress.js', 'build', SITE);
if (code !== 0) fail(`${text}\nThe site was not built.`);
const broken = brokenAnchors();
if (broken.length > 0) fail(`Links to headings that there are not:\n${broken.join('\n')}`);
say(
  `Made ${filesUnder(`${SITE}/dist`).filter((path) => path.endsWith('.html')).length} pages in ${seconds(started)}: ${SITE}/dist`,
);
if (process.argv.includes('--preview')) {
  process.exit(await run(process.execPath, [at('node_modules/vitepress/bin/vitepress.js'), 'preview', SITE]));
}

/** Installs what the site needs when the lock file has changed since. */
async function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex');
  const stamp = at('node_modules/.sluice-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing what the site needs (npm ci) …');
  const { code, text } = await capture('npm', ['ci', '--prefix', SITE, '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0)
    fail(`${text}\nnpm ci failed in ${SITE}. Check the network and the npm registry setting, then try again.`);
  writeFileSync(stamp, wanted);
}

/** The pages that are made from the product: library, HTTP, events. They join the group Reference. */
async function writeReference(groups) {
  const pages = at('.cache/pages');
  mkdirSync(join(pages, 'reference'), { recursive: true });
  mkdirSync(join(pages, 'public/files'), { recursive: true });
  const { openApi } = await import(pathToFileURL(join(root, 'dist/src/control/openapi.js')).href);
  const http = openApi();
  writeFileSync(join(pages, 'reference/http.md'), renderHttp(http));
  writeFileSync(join(pages, 'public/files/openapi.json.txt'), JSON.stringify(http, null, 2));
  const schemas = join(root, 'dist/schemas/asyncapi.json');
  writeFileSync(join(pages, 'reference/events.md'), renderEvents(JSON.parse(readFileSync(schemas, 'utf8'))));
  copyFileSync(schemas, join(pages, 'public/files/asyncapi.json.txt'));
  say('Reading the library …');
  const { code, text } = await program('typedoc/bin/typedoc', '--options', at('typedoc.json'));
  if (code !== 0) fail(`${text}\ntypedoc failed.`);
  nameModules(join(pages, 'reference/library'));
  groups
    .find((group) => group.text === 'Reference')
    .items.push(
      { text: 'HTTP: every path', link: '/reference/http' },
      { text: 'Events: every message', link: '/reference/events' },
      { text: 'Library: every export', link: '/reference/library/' },
    );
}

function program(path, ...args) {
  return capture(process.execPath, [at(`node_modules/${path}`), ...args]);
}

/** Links within the site to a heading that the page does not have. VitePress looks at pages only. */
function brokenAnchors() {
  const pages = filesUnder(`${SITE}/dist`).filter((path) => path.endsWith('.html'));
  const texts = new Map(
    pages.map((path) => [path.slice(`${SITE}/dist/`.length), readFileSync(join(root, path), 'utf8')]),
  );
  const ids = new Map(
    [...texts].map(([path, html]) => [path, new Set([...html.matchAll(/\bid="([^"]+)"/g)].map((m) => m[1]))]),
  );
  const base = process.env.DOCS_BASE ?? '/';
  return [...texts].flatMap(([path, html]) =>
    [...html.matchAll(/\bhref="([^"#:]*)#([^"]+)"/g)].flatMap(([, target, anchor]) => {
      const file = target === '' ? path : target.slice(base.length).replace(/(^|\/)$/, '$1index.html');
      const name = decodeURIComponent(anchor);
      return ids.get(file)?.has(name) === false ? [`${path} → ${target}#${name}`] : [];
    }),
  );
}
