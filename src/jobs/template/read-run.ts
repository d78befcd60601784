import { type Group, readText, type TextRule } from './group.js';
import type { TextScope } from './placeholders.js';
import type { Problems } from './problems.js';
import { readHttp } from './read-http.js';
import { checkPlaceholders, readTemplateText } from './read-text.js';
import type { ExecRun, JobTemplate, QueueRun, WorkerRun } from './template.js';

type Scope = Omit<TextScope, 'use' | 'hasSecret'>;

const KINDS = ['exec', 'http', 'queue', 'worker'] as const;
/** Keys of `run`. */
const KEYS = [...KINDS, 'env', 'passEnv'];
/** Most arguments, the program included. */
const MOST_ARGUMENTS = 256;
const ARGUMENT: TextRule = { most: 4096, expects: 'a text of at most 4096 bytes' };
const PROGRAM: TextRule = {
  most: 4096,
  pattern: /^(?:\/(?:[^{}/]+\/)*)?[^{}/\s-][^{}/]*$/,
  expects: 'a program by its name, or by its absolute path, without placeholders',
};
const VARIABLE: TextRule = {
  most: 128,
  pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
  expects: 'the name of an environment variable: letters, digits and _',
};
const SUBJECT: TextRule = {
  most: 255,
  pattern: /^[^\s.*>{}\p{C}]+(?:\.[^\s.*>{}\p{C}]+)*$/u,
  expects: 'a NATS subject without wildcards and placeholders',
};

/** Reads `run`; undefined when it cannot be used, which is told. */
export function readRun(template: Group, scope: Scope, problems: Problems): JobTemplate['run'] | undefined {
  template.need('run');
  const run = template.group('run', KEYS);
  if (run === undefined) return undefined;
  const kinds = KINDS.filter((kind) => run.has(kind));
  const [kind] = kinds;
  if (kind === undefined) {
    run.add('ERR_JOB_TEMPLATE_KEY', undefined, { says: 'it does not say what to run', expected: KINDS.join(', ') });
    return undefined;
  }
  for (const other of kinds.slice(1)) {
    const says = `${kind} and ${other} do not go together`;
    run.add('ERR_JOB_TEMPLATE_CONFLICT', other, { says, expected: `one of ${KINDS.join(', ')}` });
  }
  if (kind !== 'exec') {
    for (const key of ['env', 'passEnv'].filter((name) => run.has(name))) {
      run.add('ERR_JOB_TEMPLATE_CONFLICT', key, { says: `${key} and ${kind} do not go together`, expected: 'exec' });
    }
  }
  if (kind === 'http') return readHttp(run, scope, problems);
  if (kind === 'worker') return readWorker(run);
  return kind === 'exec' ? readExec(run, scope, problems) : readQueue(run);
}

/** There is nothing to say of it yet; unknown keys are told. */
function readWorker(run: Group): WorkerRun | undefined {
  return run.group('worker', []) === undefined ? undefined : { kind: 'worker' };
}

function readExec(run: Group, base: Scope, problems: Problems): ExecRun | undefined {
  const scope = { ...base, hasSecret: false };
  const items = run.list('exec', MOST_ARGUMENTS, 'a list: the program and its arguments');
  const [first, ...rest] = items ?? [];
  if (items !== undefined && first === undefined) {
    run.add('ERR_JOB_TEMPLATE_VALUE', 'exec', { says: 'the list is empty', expected: 'a program and its arguments' });
  }
  const program = first && readText(first, PROGRAM, problems);
  const argv = rest.map((item) => readTemplateText(item, ARGUMENT, { ...scope, use: 'argument' }, problems)?.text);
  const env = readEnv(run, { ...scope, use: 'env' }, problems);
  const passEnv = (run.list('passEnv', 64, 'a list of names') ?? []).map(
    (item) => readText(item, VARIABLE, problems) ?? undefined,
  );
  for (const name of passEnv) {
    if (name === undefined || !Object.hasOwn(env, name.text)) continue;
    const says = `${name.text} stands in env and in passEnv`;
    problems.add('ERR_JOB_TEMPLATE_CONFLICT', name.value.place, name.path, { says, expected: 'one of the two' });
  }
  if (program === undefined) return undefined;
  const given = <T>(list: readonly (T | undefined)[]): T[] => list.filter((each) => each !== undefined);
  return { kind: 'exec', argv: [program.text, ...given(argv)], env, passEnv: given(passEnv).map(({ text }) => text) };
}

function readEnv(run: Group, scope: TextScope, problems: Problems): Record<string, string> {
  const texts = [...(run.texts('env', 64, VARIABLE, ARGUMENT) ?? [])];
  for (const [, text] of texts) checkPlaceholders(text, scope, problems);
  return Object.fromEntries(texts.map(([name, { text }]) => [name, text]));
}

function readQueue(run: Group): QueueRun | undefined {
  const queue = run.group('queue', ['subject']);
  queue?.need('subject');
  const subject = queue?.text('subject', SUBJECT)?.text;
  if (queue === undefined || subject === undefined) return undefined;
  if (/^(?:\$|_INBOX(?:\.|$)|sluice\.v1(?:\.|$))/.test(subject)) {
    const says = 'it is a subject of NATS or of Sluice itself';
    queue.add('ERR_JOB_TEMPLATE_VALUE', 'subject', { says, expected: 'one outside of $…, _INBOX and sluice.v1' });
  }
  return { kind: 'queue', subject };
}
