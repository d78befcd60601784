import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { connect } from 'sluice/client';

/** One line of JSON for each stream that has ended. In a database: a table whose primary key is `id`. */
const LEDGER = 'ledger.jsonl';

interface Entry {
  readonly id: string;
  readonly customer: string;
  readonly minutes: number;
  readonly isExact: boolean;
}

const lines = existsSync(LEDGER) ? readFileSync(LEDGER, 'utf8').split('\n').filter(Boolean) : [];
const billed = new Set(lines.map((line) => (JSON.parse(line) as Entry).id));

const events = await connect({ url: 'nats://127.0.0.1:4222' });
process.once('SIGINT', () => events.close());

await events.onStream(
  'live/*',
  {
    ended: ({ id, subject, data }) => {
      // The same event may come twice; its id is the same for ever.
      if (billed.has(id)) return;
      // Time in which the connection was lost and the stream was held is not paid for.
      const minutes = Math.ceil((data.durationMs - (data.heldMs ?? 0)) / 60_000);
      const entry: Entry = {
        id,
        customer: data.labels?.customer ?? subject,
        minutes,
        // After a crash the figures are those of the last sign of life.
        isExact: data.totals === 'exact',
      };
      appendFileSync(LEDGER, `${JSON.stringify(entry)}\n`);
      billed.add(id);
      console.log(entry.customer, minutes, 'min', entry.isExact ? '' : '(to be looked at)');
    },
  },
  { durable: 'billing' },
);
