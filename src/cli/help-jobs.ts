/** Texts of `--help` of the commands for jobs. */

export const JOBS = 'run programs, requests and queue workers for streams, as templates say';
export const JOBS_EXAMPLES = `
Examples:
  sluice jobs run -f jobs.yaml --nats nats://127.0.0.1:4222   store templates, then run jobs
  sluice jobs run -f jobs.yaml --http 127.0.0.1:8080          one runner of one server, without NATS
  sluice jobs validate -f jobs.yaml          every problem, with its line and column
  sluice jobs validate -f a.yaml -f b.yaml   and names that stand in both
  sluice jobs ls --state failed              jobs that are over and have failed
  sluice jobs ls --stream live/cam1          those of one stream
  sluice jobs logs 01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/record -f    what its newest attempt prints
  sluice jobs stop 01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/record       end it
  sluice jobs apply -f jobs.yaml             store templates that are new or changed
  sluice jobs rm record --stop               remove one, and end its jobs
  sluice jobs drain 01JZ8Z4M1R3S5T7V9WBCDEFGHJ             have a runner hand over its jobs and end
Jobs are kept in NATS (--nats, SLUICE_NATS_URL); those of a runner without NATS are read with --data DIR.
The keys of a template are in docs/job-templates.md.`;
