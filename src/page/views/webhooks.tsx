import { ask } from '../api.js';
import { count, milliseconds, roughly } from '../format.js';
import { State } from '../parts/badge.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { usePoll } from '../poll.js';
import { useState } from '../preact.js';
import { mayControl } from '../session.js';
import type { ViewProps } from './view.js';

/** How often webhooks are asked for, in ms. */
const EVERY_MS = 3000;

/** A webhook as `GET /v1/webhooks` tells it. */
interface Webhook {
  readonly name: string;
  readonly url: string;
  readonly format: string;
  readonly state: 'ok' | 'failing' | 'off';
  readonly pending: number;
  readonly delivered: number;
  readonly failed: number;
  readonly deadLetters: number;
  /** Age of the oldest event that is to be delivered, in ms. */
  readonly lagMs: number;
  /** Why the last attempt that failed did. */
  readonly problem: string;
}

const COLUMNS: readonly Column<Webhook>[] = [
  { title: 'Webhook', isName: true, show: ({ name }) => name },
  { title: 'State', show: ({ state }) => <State state={state} /> },
  { title: 'Receiver', show: ({ url }) => url },
  { title: 'Format', show: ({ format }) => format },
  { title: 'To be delivered', isNumber: true, show: ({ pending }) => count(pending) },
  { title: 'Oldest', isNumber: true, show: ({ pending, lagMs }) => (pending === 0 ? '' : roughly(lagMs)) },
  { title: 'Delivered', isNumber: true, show: ({ delivered }) => count(delivered) },
  { title: 'Failed attempts', isNumber: true, show: ({ failed }) => count(failed) },
  { title: 'Given up', isNumber: true, show: ({ deadLetters }) => count(deadLetters) },
  { title: 'Last problem', show: ({ problem }) => problem },
];

/** The receivers of events, and how they are. */
export function Webhooks({ session }: ViewProps) {
  const { value, error } = usePoll<{ webhooks: readonly Webhook[] }>('/v1/webhooks', EVERY_MS);
  const tests: Column<Webhook> = { title: '', show: ({ name }) => <TestButton name={name} /> };
  return (
    <>
      <Heading title="Webhooks" />
      {error === undefined ? null : <ErrorNote error={error} what="The webhooks cannot be shown" />}
      {value === undefined ? null : value.webhooks.length === 0 ? (
        <NotSetUp
          title="No webhook is set up"
          setting="webhooks"
          example="webhooks: [{ name: billing, url: https://billing.example/sluice }]"
          docs="docs/webhooks.md"
        >
          A webhook gets events by HTTP POST, each at least once and in order.
        </NotSetUp>
      ) : (
        <section class="panel">
          <Table
            caption="Webhooks"
            isCaptionHidden
            columns={mayControl(session) ? [...COLUMNS, tests] : COLUMNS}
            rows={value.webhooks}
            keyOf={({ name }) => name}
          />
        </section>
      )}
    </>
  );
}

/** What came of a test. */
interface Tested {
  readonly taken: boolean;
  readonly status?: number;
  readonly why: string;
  readonly latencyMs: number;
}

function TestButton({ name }: { name: string }) {
  const [told, setTold] = useState('');
  const [isBusy, setBusy] = useState(false);
  const test = (): void => {
    setBusy(true);
    setTold('');
    ask<Tested>(`/v1/webhooks/${encodeURIComponent(name)}/test`, { method: 'POST', body: {} })
      .then(
        ({ taken, why, latencyMs }) => setTold(`${taken ? 'Taken' : why}, after ${milliseconds(latencyMs)}`),
        (error: Error) => setTold(error.message),
      )
      .finally(() => setBusy(false));
  };
  return (
    <>
      <span role="status">{told}</span>{' '}
      <button type="button" class="small" disabled={isBusy} aria-label={`Test ${name}`} onClick={test}>
        Test
      </button>
    </>
  );
}
