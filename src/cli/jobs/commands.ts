import type { Registry } from '../control-commands.js';
import * as help from '../help-jobs.js';
import type { TemplateFlags } from './validate.js';

/** Registers the commands for jobs. Each one's file is loaded when it is used. */
export function jobsCommands({ command, io, done }: Registry): void {
  const jobs = command('jobs', help.JOBS, help.JOBS_EXAMPLES);
  jobs
    .command('validate')
    .description('check files of job templates')
    .requiredOption('-f, --file <FILE>', 'YAML or JSON file with templates, may be repeated', collect)
    .action(async (options: TemplateFlags) => {
      done((await import('./validate.js')).jobsValidate(options, io));
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
