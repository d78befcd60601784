// Puts the documents where VitePress reads them. In the repository they link to each other and to files of the source;
// here each document becomes a page, and each file that is linked to a text beside the pages.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { filesUnder, root } from '../../scripts/lib.mjs';
import { readMap } from './map.mjs';

const LINK = /(\]\()([^)\s#]+)((?:#[^)\s]*)?\))/g;

/**
 * Copies docs/ and what it links to, with the links mended.
 *
 * @param pages folder of the pages
 * @returns groups of the sidebar, as VitePress takes them
 */
export function stageDocuments(pages) {
  const stage = new Stage(pages);
  for (const path of filesUnder('docs', (each) => each === 'docs/site')) {
    if (path.endsWith('.md')) stage.document(path);
    else if (path.startsWith('docs/images/')) stage.copy(path, path.slice('docs/'.length));
  }
  stage.rest();
  const groups = readMap(readFileSync(join(root, 'docs/README.md'), 'utf8'));
  return groups.map(({ text, pages: list }) => ({
    text,
    collapsed: ['Internals', 'Decisions'].includes(text),
    items: list.map((page) => ({ text: page.text, link: stage.address(posix.join('docs', page.path)) })),
  }));
}

class Stage {
  #pages;
  /** Documents that are linked to and not written yet. */
  #waiting = [];
  #seen = new Set();

  constructor(pages) {
    this.#pages = pages;
  }

  /** Writes one document as a page. */
  document(path) {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const text = readFileSync(join(root, path), 'utf8');
    this.#write(placeOf(path), this.#mended(text, path));
  }

  /** Writes the documents outside of docs/ that others link to. */
  rest() {
    while (this.#waiting.length > 0) this.document(this.#waiting.pop());
  }

  copy(path, to) {
    const target = join(this.#pages, to);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, path), target);
  }

  /** Where the page of a document is, or the text of another file. */
  address(path) {
    if (path.endsWith('.md')) {
      this.#waiting.push(path);
      return `/${placeOf(path).replace(/(?:index)?\.md$/, '')}`;
    }
    this.copy(path, `public/files/${path}.txt`);
    return `/files/${path}.txt`;
  }

  /** A document whose links lead to pages. Blocks of code are left as they are. */
  #mended(text, path) {
    return text
      .split(/(^```[\s\S]*?^```$)/m)
      .map((part, index) => (index % 2 === 1 ? part : this.#withLinks(part, path)))
      .join('');
  }

  #withLinks(text, path) {
    return text.replace(LINK, (whole, before, target, after) => {
      if (/^(?:[a-z]+:|\/)/.test(target)) return whole;
      const file = posix.join(posix.dirname(path), target);
      const full = join(root, file);
      if (!existsSync(full)) throw new Error(`${path} links to ${target}, which is not there.`);
      if (statSync(full).isDirectory()) {
        const readme = posix.join(file, 'README.md');
        if (existsSync(join(root, readme))) return `${before}${this.address(readme)}${after}`;
        return `${before}${this.#listing(file)})`;
      }
      // Pictures stay beside the documents, where VitePress finds them.
      if (/\.(?:png|svg)$/.test(file)) {
        const place = file.startsWith('docs/') ? file.slice('docs/'.length) : `repository/${file}`;
        this.copy(file, place);
        return `${before}/${place}${after}`;
      }
      return `${before}${this.address(file)}${after}`;
    });
  }

  /** A page with the files of a folder that has no page of its own. */
  #listing(folder) {
    const name = folder.replace(/\/$/, '');
    const place = `repository/${name}/index.md`;
    if (!this.#seen.has(place)) {
      this.#seen.add(place);
      const files = filesUnder(name).filter((file) => !/\.(?:png|svg|flv|json)$/.test(file));
      const items = files.map((file) => `- [${file.slice(name.length + 1)}](${this.address(file)})`);
      this.#write(place, `# ${name}\n\n${items.join('\n')}\n`);
    }
    return `/repository/${name}/`;
  }

  #write(place, text) {
    const target = join(this.#pages, place);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

/** docs/ is the top of the site; every other document is below repository/. */
function placeOf(path) {
  const place = path.startsWith('docs/') ? path.slice('docs/'.length) : `repository/${path}`;
  return place.replace(/(^|\/)README\.md$/, '$1index.md');
}
