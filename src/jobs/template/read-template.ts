import { Group, type Item, placeIn, type Range, readDuration, readWhole, type TextRule } from './group.js';
import { piecesOf } from './placeholders.js';
import type { Problems } from './problems.js';
import { readRun } from './read-run.js';
import { readTemplateText } from './read-text.js';
import type { JobMatch, JobTemplate, JobTrigger, JobUntil } from './template.js';
import { readWhere } from './where.js';
import { FACTS_OF_WANTED } from './where-facts.js';

const KEYS = [
  ...['name', 'match', 'on', 'until', 'run', 'out', 'graceMs', 'stallMs', 'timeLimitMs', 'retry', 'limits'],
  'runners',
];
const TRIGGERS: readonly JobTrigger[] = ['ready', 'started', 'active', 'wanted'];
const UNTIL: readonly JobUntil[] = ['ended', 'idle', 'exit', 'unwanted'];
const DAY = 86_400_000;
/** The longest time of a timer. */
const MOST_MS = 24 * DAY;
/** Longest template as JSON: it is one value of a bucket. */
const MOST_BYTES = 65_536;

const NAME: TextRule = { most: 48, pattern: /^[a-z0-9-]+$/, expects: '1 to 48 characters of a-z, 0-9 and -' };
const GLOB: TextRule = { most: 512, pattern: /^[^\p{Cc}]+$/u, expects: 'a glob of at most 512 bytes' };
const LABEL_KEY: TextRule = {
  most: 64,
  pattern: /^[a-z0-9._-]+$/,
  expects: '1 to 64 characters of a-z, 0-9 and . _ -',
};
const LABEL_VALUE: TextRule = { most: 256, pattern: /^[^\p{Cc}]*$/u, expects: 'a text of at most 256 bytes' };
const MOST_LABELS = 16;
const DIR: TextRule = {
  most: 1024,
  pattern: /^\/[^\p{Cc}]*$/u,
  expects: 'an absolute folder with at least one fixed part, as /srv/rec/{app}',
};

/**
 * Reads one template, with every default. Everything that is wrong is told to `problems`.
 *
 * @returns the template; undefined when its name or its run cannot be used. It may be used only when nothing was told
 */
export function readTemplate(item: Item, problems: Problems): JobTemplate | undefined {
  const group = Group.read(item, KEYS, problems);
  if (group === undefined) return undefined;
  group.need('name');
  const name = group.text('name', NAME)?.text;
  const on = group.choice('on', TRIGGERS) ?? 'ready';
  const until = group.choice('until', UNTIL) ?? (on === 'wanted' ? 'unwanted' : 'ended');
  checkTimes(group, on, until);
  const run = readRun(group, { on, hasOut: group.has('out') }, problems);
  const out = readOut(group, on, problems);
  const rest = {
    match: readMatch(group, on, problems),
    on,
    until,
    ...(out === undefined ? {} : { out }),
    graceMs: group.duration('graceMs', [0, 600_000]) ?? 10_000,
    stallMs: group.duration('stallMs', [0, MOST_MS]) ?? defaultStallMs(run),
    timeLimitMs: group.duration('timeLimitMs', [0, MOST_MS]) ?? 0,
    retry: readRetry(group, problems),
    limits: readLimits(group, run),
    runners: { labels: readLabels(group.group('runners', ['labels'])) },
  };
  if (name === undefined || run === undefined) return undefined;
  const template = { name, run, ...rest };
  const bytes = Buffer.byteLength(JSON.stringify(template));
  if (bytes > MOST_BYTES) {
    const words = { says: `it is ${bytes} bytes long as JSON`, expected: `at most ${MOST_BYTES}` };
    group.add('ERR_JOB_TEMPLATE_VALUE', undefined, words);
  }
  return template;
}

/** A run that does not tell its progress cannot be seen to stand still. */
function defaultStallMs(run: JobTemplate['run'] | undefined): number {
  return run?.kind === 'exec' && run.argv.includes('pipe:3') ? 20_000 : 0;
}

function checkTimes(group: Group, on: JobTrigger, until: JobUntil): void {
  const says = `on: ${on} and until: ${until} do not go together`;
  const key = group.has('until') ? 'until' : 'on';
  if (on === 'wanted' && until !== 'unwanted' && until !== 'exit') {
    group.add('ERR_JOB_TEMPLATE_CONFLICT', key, { says, expected: 'until: unwanted or exit' });
  }
  if (on !== 'wanted' && until === 'unwanted') {
    group.add('ERR_JOB_TEMPLATE_CONFLICT', key, { says, expected: 'until: ended, idle or exit, or on: wanted' });
  }
}

function readMatch(template: Group, on: JobTrigger, problems: Problems): JobMatch {
  const match = template.group('match', ['app', 'name', 'labels', 'where']);
  if (match === undefined) return {};
  const app = match.text('app', GLOB)?.text;
  const name = match.text('name', GLOB)?.text;
  const labels = match.has('labels') ? readLabels(match) : undefined;
  if (on === 'wanted' && match.has('labels')) {
    const says = 'labels and on: wanted do not go together: nobody publishes yet, so there are none';
    match.add('ERR_JOB_TEMPLATE_CONFLICT', 'labels', { says });
  }
  const where = readExpression(match, on, problems);
  return {
    ...(app === undefined ? {} : { app }),
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels }),
    ...(where === undefined ? {} : { where }),
  };
}

function readExpression(match: Group, on: JobTrigger, problems: Problems): string | undefined {
  const text = match.text('where', { most: 4096, expects: 'an expression of at most 512 bytes' });
  if (text === undefined) return undefined;
  const { where, problem } = readWhere(text.text);
  if (problem !== undefined) {
    const { offset, ...words } = problem;
    problems.add('ERR_JOB_TEMPLATE_WHERE', placeIn(text, offset), text.path, words);
  }
  const unknown =
    on === 'wanted' ? [...(where?.facts ?? [])].find((fact) => !FACTS_OF_WANTED.includes(fact)) : undefined;
  if (unknown !== undefined) {
    const says = `${unknown} is not known with on: wanted, where nobody publishes yet`;
    match.add('ERR_JOB_TEMPLATE_CONFLICT', 'where', { says, expected: FACTS_OF_WANTED.join(' and ') });
  }
  return text.text;
}

/** The `labels` of a group. */
function readLabels(group: Group | undefined): Record<string, string> {
  const texts = [...(group?.texts('labels', MOST_LABELS, LABEL_KEY, LABEL_VALUE) ?? [])];
  return Object.fromEntries(texts.map(([key, { text }]) => [key, text]));
}

function readOut(template: Group, on: JobTrigger, problems: Problems): JobTemplate['out'] | undefined {
  const out = template.group('out', ['dir', 'keepFailed']);
  if (out === undefined) return undefined;
  const item = out.need('dir');
  const keepFailed = out.flag('keepFailed') ?? true;
  const text = item && readTemplateText(item, DIR, { use: 'dir', on, hasOut: true, hasSecret: false }, problems);
  if (text === undefined) return undefined;
  const { pieces } = piecesOf(text.text);
  const segments = pieces
    .map((piece) => (typeof piece === 'string' ? piece : 'x'))
    .join('')
    .split('/');
  const fixed = typeof pieces[0] === 'string' ? pieces[0] : '';
  const isFixed = pieces.length === 1 ? text.text !== '/' : /^\/[^/]+\//.test(fixed);
  const isPlain = segments.slice(1).every((segment) => segment !== '.' && segment !== '..' && segment !== '');
  if (!isFixed || !isPlain) {
    const says = isFixed ? 'it has an empty, "." or ".." part' : 'whoever names a stream would choose the first folder';
    problems.add('ERR_JOB_TEMPLATE_VALUE', text.value.place, text.path, { says, expected: DIR.expects });
  }
  return { dir: text.text, keepFailed };
}

function readRetry(template: Group, problems: Problems): JobTemplate['retry'] {
  const retry = template.group('retry', ['max', 'backoffMs', 'stableMs', 'never']);
  const never = retry?.list('never', 64, 'a list of exit codes');
  return {
    max: retry?.whole('max', [0, 1000]) ?? 5,
    backoffMs: (retry && readBackoff(retry, problems)) ?? [1000, 60_000],
    stableMs: retry?.duration('stableMs', [0, DAY]) ?? 60_000,
    never: never?.map((item) => readWhole(item, [1, 255], problems) ?? 0) ?? [64, 78],
  };
}

function readBackoff(retry: Group, problems: Problems): readonly [number, number] | undefined {
  const expects = 'two times: the first and the longest delay';
  const items = retry.list('backoffMs', 2, expects);
  if (items === undefined) return undefined;
  const range: Range = [10, DAY];
  const [first, most] = items.map((item) => readDuration(item, range, problems));
  if (items.length === 2 && (first === undefined || most === undefined)) return undefined;
  if (first !== undefined && most !== undefined && first <= most) return [first, most];
  const says = items.length === 2 ? 'the first delay is longer than the longest' : `it has ${items.length} items`;
  retry.add('ERR_JOB_TEMPLATE_VALUE', 'backoffMs', { says, expected: expects });
  return undefined;
}

function readLimits(template: Group, run: JobTemplate['run'] | undefined): JobTemplate['limits'] {
  const ofPrograms = ['memoryBytes', 'nice', 'ionice'];
  const limits = template.group('limits', ['perRunner', ...ofPrograms]);
  if (limits === undefined) return {};
  for (const key of ofPrograms) {
    if (!limits.has(key) || run === undefined || run.kind === 'exec') continue;
    const says = `${key} and ${run.kind} do not go together`;
    limits.add('ERR_JOB_TEMPLATE_CONFLICT', key, { says, expected: 'exec' });
  }
  const perRunner = limits.whole('perRunner', [1, 10_000]);
  const memoryBytes = limits.whole('memoryBytes', [1_048_576, 2 ** 50]);
  const nice = limits.whole('nice', [-20, 19]);
  const ionice = limits.choice('ionice', [2, 3] as const);
  return {
    ...(perRunner === undefined ? {} : { perRunner }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(nice === undefined ? {} : { nice }),
    ...(ionice === undefined ? {} : { ionice }),
  };
}
