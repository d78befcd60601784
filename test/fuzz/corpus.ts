import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Most inputs that are kept of one target; the shortest stay. */
const MAX_INPUTS = 100;
/** Longest input that is kept, in bytes. */
const MAX_KEPT_BYTES = 3000;

/** The inputs that have shown new code, one in hexadecimal digits a line. */
export class Corpus {
  readonly inputs: Uint8Array[] = [];
  readonly #file: string;
  readonly #known = new Set<string>();

  constructor(folder: string, target: string) {
    this.#file = join(folder, `${target}.hex`);
    if (!existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').split('\n'))
      if (line !== '') this.add(Buffer.from(line, 'hex'));
  }

  /** Keeps a copy of the input, unless it is there. */
  add(input: Uint8Array): void {
    const hex = Buffer.from(input).toString('hex');
    if (hex === '' || this.#known.has(hex)) return;
    this.#known.add(hex);
    this.inputs.push(Buffer.from(input));
  }

  /** Writes it for the next run. */
  save(): void {
    const kept = [...this.inputs].sort((a, b) => a.length - b.length).filter(({ length }) => length <= MAX_KEPT_BYTES);
    const lines = kept.slice(0, MAX_INPUTS).map((input) => `${Buffer.from(input).toString('hex')}\n`);
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, lines.join(''));
  }
}
