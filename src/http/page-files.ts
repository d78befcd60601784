import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A file of the page, as it is sent. */
interface PageFile {
  readonly body: Buffer;
  /** Media type. */
  readonly type: string;
  /** `Content-Encoding`; undefined: as it is. */
  readonly encoding: 'br' | 'gzip' | undefined;
  /** Whether its name changes with its content, so that browsers may keep it. */
  readonly isNamedByContent: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
};

/** Where the build puts the page: beside `dist/src`; tests run the sources themselves. */
const FOLDERS = [new URL('../../page/', import.meta.url), new URL('../../dist/page/', import.meta.url)];

/** Encodings that files are kept in besides as they are, the smallest first. */
const ENCODINGS = [
  { encoding: 'br', ending: '.br' },
  { encoding: 'gzip', ending: '.gz' },
] as const;

/**
 * The files of the page. The folder is listed once, at the first request, and only names of that list are ever opened;
 * nothing is kept in memory.
 */
export class PageFiles {
  readonly #folders: readonly URL[];
  #listed: { readonly folder: URL; readonly names: ReadonlySet<string> } | undefined;

  /** @param folders the first of them that is there */
  constructor(folders: readonly URL[] = FOLDERS) {
    this.#folders = folders;
  }

  /** @param accepted `Accept-Encoding` of the request @returns undefined: there is no such file */
  async find(name: string, accepted = ''): Promise<PageFile | undefined> {
    this.#listed ??= this.#list();
    const { folder, names } = this.#listed;
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined || !names.has(name)) return undefined;
    const packed = ENCODINGS.find(({ encoding, ending }) => accepts(accepted, encoding) && names.has(name + ending));
    const body = await readFile(new URL(name + (packed?.ending ?? ''), folder));
    return { body, type, encoding: packed?.encoding, isNamedByContent: /-[A-Za-z0-9]{8}\.\w+$/.test(name) };
  }

  #list(): { readonly folder: URL; readonly names: ReadonlySet<string> } {
    for (const folder of this.#folders) {
      try {
        return { folder, names: new Set(readdirSync(folder)) };
      } catch {
        // The next one. A program that was bundled with the library has none.
      }
    }
    return { folder: this.#folders[0]!, names: new Set() };
  }
}

/** Whether a client takes an encoding. Weights other than 0 are not compared: what is smaller is sent. */
function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name = '', weight = ''] = part.split(';');
    return name.trim().toLowerCase() === encoding && !/^\s*q=0(?:\.0*)?\s*$/i.test(weight);
  });
}
