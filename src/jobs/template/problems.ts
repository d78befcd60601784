import type { Place } from '../../config/placed-yaml.js';
import { cleanText } from '../../core/log-fields.js';

/** Codes of single problems. */
export type TemplateCode =
  | 'ERR_JOB_TEMPLATE_SYNTAX'
  | 'ERR_JOB_TEMPLATE_KEY'
  | 'ERR_JOB_TEMPLATE_VALUE'
  | 'ERR_JOB_TEMPLATE_WHERE'
  | 'ERR_JOB_TEMPLATE_PLACEHOLDER'
  | 'ERR_JOB_TEMPLATE_CONFLICT'
  | 'ERR_JOB_TEMPLATE_DUPLICATE';

/** One thing that is wrong with job templates. It quotes keys and names, and no values, which may be secrets. */
export interface TemplateProblem {
  readonly code: TemplateCode;
  /** The file as it was named; missing for templates that come from no file, and so are `line` and `column`. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in UTF-16 code units. */
  readonly column?: number;
  /** Where in the template: `templates[0].match.where`; empty for the whole. */
  readonly path: string;
  readonly says: string;
  readonly expected?: string;
  /** What was probably meant. */
  readonly near?: string;
}

/** What a problem says besides its code and place. */
export interface Words {
  readonly says: string;
  readonly expected?: string | undefined;
  readonly near?: string | undefined;
}

/** The place of what comes from no file. */
export const NO_PLACE: Place = { line: 0, column: 0 };

/** Most problems that are kept of one file; the rest is counted. */
const MOST = 100;

/** Collects what is wrong, so that all of it can be told at once. */
export class Problems {
  readonly #found: TemplateProblem[] = [];
  readonly #file: string | undefined;
  #count = 0;

  constructor(file?: string) {
    this.#file = file;
  }

  /** How many there are, those that were not kept included. */
  get count(): number {
    return this.#count;
  }

  /** What was kept, in the order of the file. */
  get list(): readonly TemplateProblem[] {
    const [line, column] = [(p: TemplateProblem) => p.line ?? 0, (p: TemplateProblem) => p.column ?? 0];
    return this.#found.toSorted((a, b) => line(a) - line(b) || column(a) - column(b));
  }

  add(code: TemplateCode, place: Place, path: string, { says, expected, near }: Words): void {
    this.#count++;
    if (this.#found.length === MOST) return;
    this.#found.push({
      code,
      ...(this.#file === undefined ? {} : { file: this.#file }),
      ...(place.line === 0 ? {} : place),
      path,
      says,
      ...(expected === undefined ? {} : { expected }),
      ...(near === undefined ? {} : { near }),
    });
  }
}

/** A problem as one line: `a.yaml:4:7: ERR_JOB_TEMPLATE_KEY: templates[0]: there is no key nmae; did you mean name?` */
export function tellProblem(problem: TemplateProblem): string {
  const { code, file, line, column, path, says, expected, near } = problem;
  const place = line === undefined ? [file] : [file, line, column];
  const head = [place.filter((part) => part !== undefined).join(':'), code, path].filter((part) => part !== '');
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  // What was expected may be a long list, and the line is cut.
  const list = expected === undefined ? '' : `${meant === '' ? '; expected' : ' Expected:'} ${expected}`;
  return cleanText(`${head.join(': ')}: ${says}${meant}${list}`);
}
