import { checkTemplates, type TemplatesOutcome } from '../../../src/jobs/template/parse.js';
import type { JobTemplate } from '../../../src/jobs/template/template.js';

/** What a file `jobs.yaml` with this text holds. */
export function checkText(text: string): TemplatesOutcome {
  return checkTemplates([{ name: 'jobs.yaml', text }]);
}

/** The only template of a file with one, whose lines are given without the two spaces that they begin with. */
export function templateOf(lines: string): JobTemplate {
  const text = `version: 1\ntemplates:\n  - name: t\n${lines.replace(/^/gm, '    ')}`;
  const { templates, problems } = checkText(text);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return templates[0]!;
}
