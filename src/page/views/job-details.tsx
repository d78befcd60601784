import { ask } from '../api.js';
import { serverNow } from '../clock.js';
import { useLog } from '../job-log.js';
import { exitWords, type Job, jobState, progressWords, reasonWords, runnerOf } from '../jobs.js';
import { State } from '../parts/badge.js';
import { Confirm } from '../parts/confirm.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Facts } from '../parts/facts.js';
import { Heading } from '../parts/heading.js';
import { LogText } from '../parts/log-text.js';
import { Ago, Time } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useState } from '../preact.js';
import { hrefOf } from '../route.js';
import { mayControl, type Session } from '../session.js';

/** How often a job is asked for, in ms. */
const EVERY_MS = 2000;

/** Everything about one job. */
export function JobDetails({ session, jobId }: { session: Session; jobId: string }) {
  const { value: job, error, refresh } = usePoll<Job>(`/v1/jobs/${encodeURIComponent(jobId)}`, EVERY_MS);
  if (job === undefined) {
    return (
      <>
        <Heading title="Job" />
        {error === undefined ? <Empty title="Loading …" /> : <ErrorNote error={error} />}
      </>
    );
  }
  const title = `${job.template} of ${job.app}/${job.name}`;
  return (
    <>
      <a class="back" href={hrefOf('jobs')}>
        All jobs
      </a>
      <Heading title={title}>
        <State state={jobState(job)} />
        {mayControl(session) ? <Acts job={job} title={title} onActed={refresh} /> : null}
      </Heading>
      {error === undefined ? null : <ErrorNote error={error} />}
      <JobFacts job={job} />
      {job.last === undefined ? null : <LastAttempt end={job.last} />}
      {job.attempt === 0 ? (
        <Empty title="It has not begun yet">
          <p>It waits for a runner with a free slot, and with the labels that its template wants.</p>
        </Empty>
      ) : (
        <JobLog job={job} />
      )}
    </>
  );
}

/** What can be done to a job where it stands. */
function Acts({ job: { jobId, state }, title, onActed }: { job: Job; title: string; onActed: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const isOver = state === 'done';
  const act = async (): Promise<void> => {
    await ask(`/v1/jobs/${encodeURIComponent(jobId)}/${isOver ? 'retry' : 'stop'}`, { method: 'POST', body: {} });
    onActed();
  };
  if (state === 'stopping') return null;
  const verb = isOver ? 'Run again' : 'Stop job';
  return (
    <div class="actions">
      <button type="button" class={isOver ? '' : 'danger'} onClick={() => setOpen(true)}>
        {verb}
      </button>
      {isOpen ? (
        <Confirm
          title={isOver ? `Run ${title} again?` : `Stop ${title}?`}
          verb={verb}
          onConfirm={act}
          onClose={() => setOpen(false)}
        >
          <p>
            {isOver
              ? 'It is open again, and the next free runner takes it, while its stream is live.'
              : 'Its program is told to end, and what it wrote is kept. The job is over then, and is not tried again.'}
          </p>
        </Confirm>
      ) : null}
    </div>
  );
}

function JobFacts({ job }: { job: Job }) {
  const { streamId, app, name, state, startedAt, endedAt, reason, notBefore } = job;
  const isWaiting = state === 'open' && notBefore > serverNow();
  return (
    <section class="panel" aria-labelledby="facts">
      <h2 id="facts">Job</h2>
      <Facts
        items={[
          ['Stream', streamId === undefined ? `${app}/${name}` : <StreamLink key="stream" job={job} />],
          ['Template', job.template],
          ['Version of the template', job.templateRev],
          ['Attempt', job.attempt],
          ['Failures in a row', job.failures],
          ['Runner', job.by === undefined ? '' : <code key="runner">{runnerOf(job.by)}</code>],
          ['Asked for', <Ago key="asked" iso={job.requestedAt} />],
          ['Began', startedAt === undefined ? '' : <Ago key="began" iso={startedAt} />],
          ['Ended', endedAt === undefined ? '' : <Ago key="ended" iso={endedAt} />],
          ['Next attempt', isWaiting ? <Ago key="next" iso={new Date(notBefore).toISOString()} /> : ''],
          ['Why', reason === undefined ? '' : reasonWords(reason)],
        ]}
      />
    </section>
  );
}

function StreamLink({ job: { streamId = '', app, name } }: { job: Job }) {
  return <a href={hrefOf('streams', streamId)}>{`${app}/${name}`}</a>;
}

/** The newest attempt that ended. */
function LastAttempt({ end }: { end: NonNullable<Job['last']> }) {
  return (
    <section class="panel" aria-labelledby="last">
      <h2 id="last">Attempt {end.attempt}, which has ended</h2>
      <Facts
        items={[
          ['Outcome', <State key="outcome" state={end.isAbandoned === true ? 'abandoned' : end.outcome} />],
          ['Why', reasonWords(end.reason)],
          ['Program', exitWords(end.exit)],
          ['When', <Time key="when" iso={end.time} />],
          ['Next attempt', end.retryAt === undefined ? '' : <Ago key="next" iso={end.retryAt} />],
          ['Runner', end.by === undefined ? '' : <code key="runner">{runnerOf(end.by)}</code>],
        ]}
      />
    </section>
  );
}

/** The log of an attempt, how far its program is, and the way to logs of other attempts. */
function JobLog({ job }: { job: Job }) {
  const [attempt, setAttempt] = useState<number | undefined>(undefined);
  const log = useLog(job.jobId, attempt);
  const tail = job.last?.logTail ?? '';
  const text = log.text === '' && log.error !== undefined ? tail : log.text;
  const progress = log.progress === undefined ? '' : progressWords(log.progress);
  return (
    <section class="panel" aria-labelledby="log">
      <div class="heading">
        <h2 id="log">Log{log.attempt === undefined ? '' : ` of attempt ${log.attempt}`}</h2>
        {log.attempts === undefined || log.attempts.length < 2 ? null : (
          <label class="actions">
            Attempt{' '}
            <select value={String(log.attempt)} onChange={(event) => setAttempt(Number(event.currentTarget.value))}>
              {log.attempts.map((each) => (
                <option key={each} value={String(each)}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {progress === '' || log.isEnd === true ? null : (
        <p class="progress">
          <progress aria-label="The program is at work" />
          {progress}
        </p>
      )}
      {log.error === undefined ? null : <ErrorNote error={log.error} />}
      {log.error !== undefined && tail !== '' ? (
        <p class="quiet">The last lines of attempt {job.last?.attempt}, which its record has:</p>
      ) : null}
      {text === '' ? (
        <p class="quiet">{log.error === undefined ? 'Nothing was printed yet.' : ''}</p>
      ) : (
        <LogText label="Log" text={text} />
      )}
    </section>
  );
}
