import type { Placed } from '../../config/placed-yaml.js';
import { readPlacedYaml } from '../../config/placed-yaml.js';
import { SluiceError } from '../../core/errors.js';
import { Group, type Item, readList } from './group.js';
import { NO_PLACE, Problems, type TemplateProblem, tellProblem } from './problems.js';
import { readTemplate } from './read-template.js';
import type { JobTemplate } from './template.js';

/** Longest file, in bytes of UTF-8. */
export const MOST_FILE_BYTES = 1_048_576;
/** Most templates of all files together. */
const MOST_TEMPLATES = 256;

/** A file of templates. */
export interface TemplateFile {
  /** As problems name it. */
  readonly name: string;
  readonly text: string;
}

/** What files hold: templates in their order, usable only when there are no problems. */
export interface TemplatesOutcome {
  readonly templates: readonly JobTemplate[];
  /** At most 100 a file, in the order of the files. */
  readonly problems: readonly TemplateProblem[];
  /** All problems, those that are not listed included. */
  readonly problemCount: number;
}

/** Reads files of templates, YAML or JSON, and finds everything that is wrong with them. It never throws. */
export function checkTemplates(files: readonly TemplateFile[]): TemplatesOutcome {
  const names = new Map<string, string>();
  const templates: JobTemplate[] = [];
  const all: Problems[] = [];
  for (const file of files) {
    const problems = new Problems(file.name);
    all.push(problems);
    for (const item of itemsOf(file, problems)) {
      const template = readTemplate(item, problems);
      checkName(item, file.name, names, problems);
      if (template !== undefined) templates.push(template);
    }
    if (names.size > MOST_TEMPLATES) {
      const words = { says: `there are more than ${MOST_TEMPLATES} templates in all files` };
      problems.add('ERR_JOB_TEMPLATE_VALUE', { line: 1, column: 1 }, '', words);
    }
  }
  const problemCount = all.reduce((sum, { count }) => sum + count, 0);
  return { templates, problems: all.flatMap(({ list }) => list), problemCount };
}

/**
 * Reads files of templates, YAML or JSON.
 *
 * @returns the templates with every default
 * @throws SluiceError ERR_JOB_TEMPLATES_INVALID with everything that is wrong: `details.problems`, at most 100 a file
 */
export function parseTemplates(files: readonly TemplateFile[]): readonly JobTemplate[] {
  const { templates, problems, problemCount } = checkTemplates(files);
  if (problemCount === 0) return templates;
  const more = problemCount === 1 ? '' : ` (and ${problemCount - 1} more)`;
  throw new SluiceError('ERR_JOB_TEMPLATES_INVALID', `${tellProblem(problems[0]!)}${more}`, {
    details: { problems, problemCount },
  });
}

/** The items of `templates` of a file. */
function itemsOf({ text }: TemplateFile, problems: Problems): readonly Item[] {
  const start = { line: 1, column: 1 };
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_FILE_BYTES) {
    const words = { says: `the file is ${bytes} bytes long`, expected: `at most ${MOST_FILE_BYTES}` };
    problems.add('ERR_JOB_TEMPLATE_SYNTAX', start, '', words);
    return [];
  }
  const { root, problems: syntax } = readPlacedYaml(text);
  for (const { place, says } of syntax) problems.add('ERR_JOB_TEMPLATE_SYNTAX', place, '', { says });
  if (syntax.length > 0) return [];
  if (root === undefined || root.kind !== 'map') {
    const words = {
      says: root === undefined ? 'the file is empty' : 'it is no group of keys',
      expected: 'version: 1 and templates',
    };
    problems.add('ERR_JOB_TEMPLATE_SYNTAX', root?.place ?? start, '', words);
    return [];
  }
  const file = Group.read({ path: '', value: root }, ['version', 'templates'], problems);
  file?.need('version');
  file?.choice('version', [1]);
  const list = file?.need('templates');
  return (list && readList(list, MOST_TEMPLATES, 'a list of templates', problems)) ?? [];
}

/** Names are looked at in templates that cannot be read, too, so that all is told at once. */
function checkName({ path, value }: Item, file: string, names: Map<string, string>, problems: Problems): void {
  const name = value.kind === 'map' ? value.entries.get('name')?.value : undefined;
  if (name?.kind !== 'scalar' || name.value === null) return;
  const before = names.get(name.source);
  if (before === undefined) {
    names.set(name.source, name.place.line === 0 ? file : `${file}:${name.place.line}`);
    return;
  }
  const words = { says: `the template at ${before} has this name, too`, expected: 'a name of its own' };
  problems.add('ERR_JOB_TEMPLATE_DUPLICATE', name.place, `${path}.name`, words);
}

/** A stored template, or everything that is wrong with it. */
type StoredOutcome =
  | { readonly template: JobTemplate; readonly problems?: undefined }
  | { readonly template?: undefined; readonly problems: readonly TemplateProblem[] };

/**
 * Checks a value of `SLUICE_TEMPLATES`, which others may write, as strictly as a file. It never throws.
 *
 * @param value as JSON.parse makes it
 */
export function templateFromJson(value: unknown): StoredOutcome {
  const problems = new Problems();
  const placed = placedOf(withRunAsWritten(value), MOST_LEVELS);
  const template = readTemplate({ path: '', value: placed }, problems);
  return template !== undefined && problems.count === 0 ? { template } : { problems: problems.list };
}

/** No template has so many levels. */
const MOST_LEVELS = 8;

/** A stored template names its run by `kind`; in a file the run is a key. */
function withRunAsWritten(value: unknown): unknown {
  const run = isGroup(value) ? value['run'] : undefined;
  if (!isGroup(run) || typeof run['kind'] !== 'string') return value;
  const { kind, ...rest } = run;
  if (kind === 'exec' && !('exec' in rest)) {
    const { argv, ...others } = rest;
    return { ...(value as object), run: { exec: argv, ...others } };
  }
  return kind === 'http' || kind === 'queue' || kind === 'worker'
    ? { ...(value as object), run: { [kind]: rest } }
    : value;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of JSON as one of a file that has no places. */
function placedOf(value: unknown, levels: number): Placed {
  const place = NO_PLACE;
  if (levels > 0 && Array.isArray(value)) {
    return { kind: 'list', place, items: value.map((item) => placedOf(item, levels - 1)) };
  }
  if (levels > 0 && isGroup(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { place, value: placedOf(item, levels - 1) }] as const,
    );
    return { kind: 'map', place, entries: new Map(entries) };
  }
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return {
    kind: 'scalar',
    place,
    value: isPlain ? value : null,
    source: isPlain ? String(value) : '',
    textColumn: undefined,
  };
}
