import { CONFIG_FLAGS } from '../config-flags.js';
import type { Registry } from '../control-commands.js';
import * as help from '../help-jobs.js';
import type { JobsRunOptions } from './run.js';
import type { TemplateFlags } from './validate.js';

/** Registers the commands for jobs. Each one's file is loaded when it is used. */
export function jobsCommands({ command, io, done }: Registry): void {
  const jobs = command('jobs', help.JOBS, help.JOBS_EXAMPLES);
  const run = jobs
    .command('run')
    .description('run jobs for streams until SIGINT or SIGTERM, which hand them over')
    .option('-f, --file <FILE>', 'templates to apply first, may be repeated', collect)
    .option('--http <HOST:PORT>', 'without NATS: follow this server alone')
    .option('--token-file <FILE>', 'file with a token of that server (else SLUICE_HTTP_TOKEN)')
    .option('--slots <N>', 'jobs at a time (jobs.slots; default twice the processors)')
    .option('--labels <K=V>', 'labels for `runners.labels` of templates, may be repeated', collect)
    .option('--dispatch', 'also lease jobs to workers outside, over NATS')
    .option('--wait', 'at the end, wait for jobs instead of handing them over')
    .option('--drain-deadline <DURATION>', 'at the end, hand over after so long in any case (default 10m)')
    .option('--config <FILE>', 'YAML file with settings (SLUICE_CONFIG)')
    .option('--set <KEY=VALUE>', 'any setting, may be repeated; sluice config lists all', collect);
  for (const { flags, doc, key } of CONFIG_FLAGS) if (OF_RUN.includes(key)) run.option(flags, doc);
  run.action(async (options: JobsRunOptions) => {
    done(await (await import('./run.js')).jobsRun(options, io));
  });
  jobs
    .command('validate')
    .description('check files of job templates')
    .requiredOption('-f, --file <FILE>', 'YAML or JSON file with templates, may be repeated', collect)
    .action(async (options: TemplateFlags) => {
      done((await import('./validate.js')).jobsValidate(options, io));
    });
}

/** Settings whose flags a runner has as well. */
const OF_RUN: readonly string[] = ['nats.url', 'data', 'log.level', 'log.format'];

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
