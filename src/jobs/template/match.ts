import { SluiceError } from '../../core/errors.js';
import { globMatcher } from '../../core/glob.js';
import { piecesOf } from './placeholders.js';
import type { HttpCall, JobFacts, JobTemplate } from './template.js';
import { readWhere } from './where.js';

/** A template with its match made ready. */
export interface CompiledTemplate {
  readonly template: JobTemplate;
  /** Whether a stream, or a name that is wanted, is one for it. It never throws. */
  readonly matches: (facts: JobFacts) => boolean;
  /** Whether its runs pull the stream by a ticket: a text has `{url}`, or a worker outside gets it. */
  readonly usesUrl: boolean;
}

/**
 * Makes the match of a template ready.
 *
 * @param template as `parseTemplates` or `templateFromJson` returned it
 * @throws SluiceError ERR_JOB_TEMPLATES_INVALID when `where` cannot be read, which those two refuse
 */
export function compileTemplate(template: JobTemplate): CompiledTemplate {
  const { app, name, labels, where } = template.match;
  const tests: ((facts: JobFacts) => boolean)[] = [];
  if (app !== undefined) tests.push(onText('app', globMatcher(app)));
  if (name !== undefined) tests.push(onText('name', globMatcher(name)));
  for (const [key, value] of Object.entries(labels ?? {})) {
    tests.push((facts) => Object.hasOwn(facts.labels, key) && facts.labels[key] === value);
  }
  if (where !== undefined) {
    const outcome = readWhere(where);
    if (outcome.where === undefined)
      throw new SluiceError('ERR_JOB_TEMPLATES_INVALID', `${template.name}: match.where`);
    tests.push(outcome.where.holds);
  }
  return { template, matches: (facts) => tests.every((test) => test(facts)), usesUrl: usesUrl(template) };
}

function onText(member: 'app' | 'name', fits: (text: string) => boolean): (facts: JobFacts) => boolean {
  return (facts) => fits(facts[member]);
}

function usesUrl({ run, on }: JobTemplate): boolean {
  if (run.kind === 'queue' || run.kind === 'worker') return on !== 'wanted';
  const texts =
    run.kind === 'exec'
      ? [...run.argv, ...Object.values(run.env)]
      : [...textsOf(run.start), ...(run.stop === undefined ? [] : textsOf(run.stop)), run.beatUrl ?? ''];
  return texts.some((text) => piecesOf(text).pieces.some((piece) => typeof piece === 'object' && piece.name === 'url'));
}

function textsOf({ url, headers, body = '' }: HttpCall): string[] {
  return [url, ...Object.values(headers), body];
}
