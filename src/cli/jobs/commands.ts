import type { Command } from '../commander.js';
import { CONFIG_FLAGS } from '../config-flags.js';
import type { Registry } from '../control-commands.js';
import * as help from '../help-jobs.js';
import type { JobsActOptions } from './act.js';
import type { JobsLsOptions } from './list.js';
import type { JobsLogsOptions } from './logs.js';
import type { JobsOptions } from './open-jobs.js';
import type { JobsRunOptions } from './run.js';
import type { TemplateFlags } from './validate.js';

/** Registers the commands for jobs. Each one's file is loaded when it is used. */
export function jobsCommands(registry: Registry): void {
  const { command, io, done } = registry;
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
    .option('--metrics <HOST:PORT>', 'serve metrics for Prometheus there (default: nowhere)')
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
  readCommands(jobs, registry);
  actCommands(jobs, registry);
}

/** The commands that read what runners keep. */
function readCommands(jobs: Command, { io, done }: Registry): void {
  const file = () => import('./list.js');
  whereFlags(jobs.command('ls').description('list jobs'))
    .option('--state <STATE>', 'open, running (a runner has it), failed, or done (over, whatever came of it)')
    .option('--stream <APP/NAME>', 'of this stream: app/name, or its id')
    .option('--template <NAME>', 'of this template')
    .action(async (options: JobsLsOptions) => {
      done(await (await file()).jobsLs(options, io));
    });
  whereFlags(jobs.command('get').description('all that is known of a job'))
    .argument('<JOB>', JOB)
    .action(async (jobId: string, options: JobsOptions) => {
      done(await (await file()).jobsGet(jobId, options, io));
    });
  whereFlags(jobs.command('logs').description('what the newest attempt at a job has printed'))
    .argument('<JOB>', JOB)
    .option('-f, --follow', 'go on until the attempt is over')
    .option('--attempt <N>', 'of this attempt')
    .action(async (jobId: string, options: JobsLogsOptions) => {
      done(await (await import('./logs.js')).jobsLogs(jobId, options, io));
    });
  whereFlags(jobs.command('templates').description('list the templates that hold')).action(
    async (options: JobsOptions) => {
      done(await (await file()).jobsTemplates(options, io));
    },
  );
  whereFlags(jobs.command('runners').description('list the runners')).action(async (options: JobsOptions) => {
    done(await (await file()).jobsRunners(options, io));
  });
}

/** The commands that change something. */
function actCommands(jobs: Command, { io, done }: Registry): void {
  const file = () => import('./act.js');
  whereFlags(jobs.command('stop').description('end a job'))
    .argument('<JOB>', JOB)
    .action(async (jobId: string, options: JobsOptions) => {
      done(await (await file()).jobsStop(jobId, options, io));
    });
  whereFlags(jobs.command('retry').description('have a job that is over run again'))
    .argument('<JOB>', JOB)
    .action(async (jobId: string, options: JobsOptions) => {
      done(await (await file()).jobsRetry(jobId, options, io));
    });
  whereFlags(jobs.command('drain').description('have a runner hand over its jobs and end'))
    .argument('<RUNNER>', 'its id, as jobs runners lists it')
    .option('--deadline <DURATION>', 'hand over after so long in any case (default: as it was started)')
    .action(async (runnerId: string, options: JobsActOptions) => {
      done(await (await file()).jobsDrain(runnerId, options, io));
    });
  whereFlags(jobs.command('apply').description('store templates that are new or changed; none is removed'))
    .requiredOption('-f, --file <FILE>', 'YAML or JSON file with templates, may be repeated', collect)
    .action(async (options: JobsActOptions) => {
      done(await (await file()).jobsApply(options, io));
    });
  whereFlags(jobs.command('rm').description('remove a template; its jobs go on'))
    .argument('<TEMPLATE>', 'its name')
    .option('--stop', 'end its jobs, too')
    .action(async (name: string, options: JobsActOptions) => {
      done(await (await file()).jobsRm(name, options, io));
    });
}

const JOB = 'id of the job: <stream id>/<template>';

/** The flags that say where jobs are kept and how to print. */
function whereFlags(command: Command): Command {
  return command
    .option('--nats <URL>', 'jobs in NATS (nats.url, SLUICE_NATS_URL)')
    .option('--data <DIR>', 'jobs of a runner without NATS, in its data folder: only to read')
    .option('--config <FILE>', 'YAML file with settings (SLUICE_CONFIG)')
    .option('--json', 'the answer as JSON');
}

/** Settings whose flags a runner has as well. */
const OF_RUN: readonly string[] = ['nats.url', 'data', 'log.level', 'log.format'];

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
