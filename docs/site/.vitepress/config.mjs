// How VitePress makes the site from what build.mjs has put into .cache/pages.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { slugOf } from '../slug.mjs';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { version } = JSON.parse(readFileSync(at('../../package.json'), 'utf8'));

export default defineConfig({
  title: 'Sluice',
  titleTemplate: ':title | Sluice',
  description: 'An event-driven RTMP server.',
  lang: 'en',
  // Where the site is served from, such as /sluice/; its own host by default.
  base: process.env.DOCS_BASE ?? '/',
  srcDir: at('.cache/pages'),
  outDir: at('dist'),
  cacheDir: at('.cache/vitepress'),
  cleanUrls: false,
  ignoreDeadLinks: false,
  lastUpdated: false,
  markdown: {
    anchor: { slugify: slugOf },
    languageAlias: { conf: 'nginx', promql: 'text' },
    config: (md) => {
      // Braces in a text or in code are no expression of Vue.
      for (const rule of ['text', 'code_inline']) {
        const render = md.renderer.rules[rule];
        md.renderer.rules[rule] = (...given) => render(...given).replaceAll('{{', '&#123;&#123;');
      }
    },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/first-stream' },
      { text: 'Events', link: '/events' },
      { text: 'Settings', link: '/config' },
      { text: version, link: '/repository/CHANGELOG' },
    ],
    sidebar: JSON.parse(readFileSync(at('.cache/sidebar.json'), 'utf8')),
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
