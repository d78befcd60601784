import { checkTemplates } from '../../jobs/template/parse.js';
import { tellProblem } from '../../jobs/template/problems.js';
import { readTemplateFiles } from '../../jobs/template/read-files.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';

/** Flags of commands that read templates. */
export interface TemplateFlags {
  /** Paths. */
  readonly file: readonly string[];
}

/**
 * `sluice jobs validate -f FILE…`: prints how many templates there are, or everything that is wrong with them.
 *
 * @returns the exit code: `usage` when something is wrong
 * @throws SluiceError ERR_JOB_TEMPLATES_UNREADABLE
 */
export function jobsValidate({ file }: TemplateFlags, io: Io): number {
  const { templates, problems, problemCount } = checkTemplates(readTemplateFiles(file));
  if (problemCount === 0) {
    io.out(`ok: ${templates.length} ${templates.length === 1 ? 'template' : 'templates'}\n`);
    return EXIT.ok;
  }
  for (const problem of problems) io.out(`${tellProblem(problem)}\n`);
  const more = problemCount - problems.length;
  if (more > 0) io.out(`and ${more} more\n`);
  return EXIT.usage;
}
