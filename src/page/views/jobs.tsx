import type { ApiError } from '../api.js';
import { count } from '../format.js';
import { inOrder, type Job, jobState, progressOf, type Runner, reasonWords, runnerOf, sinceOf } from '../jobs.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { Meter } from '../parts/meter.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { Ago, Since } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useState } from '../preact.js';
import { hrefOf } from '../route.js';
import { JobDetails } from './job-details.js';
import type { ViewProps } from './view.js';

/** How often jobs and runners are asked for, in ms. */
const EVERY_MS = 3000;
/** How many jobs are listed. */
const LIMIT = 200;

/** A job, and how far its program is. */
type Row = Job & { readonly progress: string };

const JOB_COLUMNS: readonly Column<Row>[] = [
  {
    title: 'Job',
    isName: true,
    show: ({ jobId, template, app, name }) => <a href={hrefOf('jobs', jobId)}>{`${template} of ${app}/${name}`}</a>,
  },
  { title: 'State', show: (job) => <State state={jobState(job)} /> },
  { title: 'Why', show: ({ reason, last }) => reasonWords(reason ?? last?.reason ?? '') },
  { title: 'Progress', show: ({ progress }) => progress },
  { title: 'Attempt', isNumber: true, show: ({ attempt }) => count(attempt) },
  { title: 'Failures', isNumber: true, show: ({ failures }) => count(failures) },
  { title: 'For', isNumber: true, show: (job) => <Since iso={sinceOf(job)} /> },
  { title: 'Runner', show: ({ by, last }) => <code>{runnerOf(by ?? last?.by)}</code> },
];

const RUNNER_COLUMNS: readonly Column<Runner>[] = [
  { title: 'Runner', isName: true, show: ({ runnerId }) => <code>{runnerId}</code> },
  { title: 'State', show: ({ state }) => <State state={state} /> },
  { title: 'Host', show: ({ host }) => host },
  {
    title: 'Slots',
    show: ({ used, slots }) => <Meter value={used} max={slots} words={`${used} of ${slots}`} label="Slots in use" />,
  },
  {
    title: 'Labels',
    show: ({ labels }) =>
      Object.entries(labels)
        .map((pair) => pair.join('='))
        .join(', '),
  },
  { title: 'Heartbeat', isNumber: true, show: ({ time }) => <Ago iso={time} /> },
];

/** All jobs and who runs them, or one job. */
export function Jobs({ session, rest: [jobId] }: ViewProps) {
  return jobId === undefined ? <JobList /> : <JobDetails session={session} jobId={jobId} />;
}

function JobList() {
  const [state, setState] = useState('');
  const query = state === '' ? '' : `&state=${state}`;
  const jobs = usePoll<{ jobs: readonly Job[]; cursor?: string }>(`/v1/jobs?limit=${LIMIT}${query}`, EVERY_MS);
  const runners = usePoll<{ runners: readonly Runner[] }>('/v1/jobs/runners', EVERY_MS);
  const isSetUp = jobs.error?.code !== 'ERR_JOB_NEEDS_NATS';
  return (
    <>
      <Heading title="Jobs">{isSetUp ? <StateFilter state={state} onState={setState} /> : null}</Heading>
      {isSetUp ? (
        <>
          {jobs.error === undefined ? null : <ErrorNote error={jobs.error} what="The jobs cannot be shown" />}
          {jobs.value === undefined ? null : (
            <JobTable jobs={jobs.value.jobs} runners={runners.value?.runners ?? []} isFiltered={state !== ''} />
          )}
          {jobs.value?.cursor === undefined ? null : (
            <p class="quiet">
              There are more. <code>sluice jobs ls</code> lists all of them.
            </p>
          )}
          <Runners runners={runners.value?.runners} error={runners.error} />
        </>
      ) : (
        <NotSetUp
          title="Jobs are not set up"
          setting="nats.url"
          example="SLUICE_NATS_URL=nats://127.0.0.1:4222"
          docs="docs/jobs.md"
        >
          Jobs are programs that follow streams: recorders, ladders, pictures. Their records are kept in NATS, and this
          server has none.
        </NotSetUp>
      )}
    </>
  );
}

function StateFilter({ state, onState }: { state: string; onState: (state: string) => void }) {
  return (
    <label class="actions">
      Show{' '}
      <select value={state} onChange={(event) => onState(event.currentTarget.value)}>
        <option value="">all jobs</option>
        <option value="running">those that run</option>
        <option value="open">those that wait</option>
        <option value="failed">those that failed</option>
        <option value="done">those that are over</option>
      </select>
    </label>
  );
}

function JobTable(props: { jobs: readonly Job[]; runners: readonly Runner[]; isFiltered: boolean }) {
  const { jobs, runners, isFiltered } = props;
  const empty = isFiltered ? (
    <Empty title="No such job" />
  ) : (
    <Empty title="No jobs">
      <p>
        A job begins when a template matches a stream. <code>sluice jobs run -f jobs.yaml</code> starts a runner with
        templates. See <code>docs/jobs.md</code>.
      </p>
    </Empty>
  );
  return (
    <section class="panel">
      <Table
        caption="Jobs"
        isCaptionHidden
        columns={JOB_COLUMNS}
        rows={inOrder(jobs).map((job): Row => ({ ...job, progress: progressOf(job, runners) }))}
        keyOf={({ jobId }) => jobId}
        empty={empty}
      />
    </section>
  );
}

function Runners({ runners, error }: { runners: readonly Runner[] | undefined; error: ApiError | undefined }) {
  if (error !== undefined) return <ErrorNote error={error} what="The runners cannot be shown" />;
  if (runners === undefined) return null;
  const empty = (
    <Empty title="No runner is up">
      <p>
        Jobs wait until there is one: <code>sluice jobs run -f jobs.yaml --nats URL --data DIR</code>
      </p>
    </Empty>
  );
  return (
    <section class="panel">
      <Table
        caption="Runners"
        columns={RUNNER_COLUMNS}
        rows={runners}
        keyOf={({ runnerId }) => runnerId}
        empty={empty}
      />
    </section>
  );
}
