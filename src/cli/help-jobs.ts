/** Texts of `--help` of the commands for jobs. */

export const JOBS = 'run programs, requests and queue workers for streams, as templates say';
export const JOBS_EXAMPLES = `
Examples:
  sluice jobs validate -f jobs.yaml          every problem, with its line and column
  sluice jobs validate -f a.yaml -f b.yaml   and names that stand in both
The keys of a template are in docs/job-templates.md.`;
