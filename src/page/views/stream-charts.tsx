import { count, milliseconds, rate } from '../format.js';
import { Chart } from '../parts/chart.js';
import { streamHistory } from '../stream-history.js';

const RATES = [
  { name: 'In', series: 0 },
  { name: 'Out', series: 1 },
];
const DELAY = [{ name: 'Delay', series: 2 }];
const PLAYERS = [{ name: 'Players', series: 3 }];

/** There is no half a player: marks between whole numbers have no words. */
const whole = (value: number): string => (Number.isInteger(value) ? count(value) : '');

/** What was measured of a stream while the page was open. */
export function StreamCharts({ streamId }: { streamId: string }) {
  const columns = streamHistory.columns(streamId);
  return (
    <section class="panel charts" aria-labelledby="charts">
      <h2 id="charts" class="unseen">
        Measured
      </h2>
      <Chart title="Bit rate" columns={columns} lines={RATES} format={rate} />
      <Chart title="Delay" columns={columns} lines={DELAY} format={milliseconds} />
      <Chart title="Players" columns={columns} lines={PLAYERS} format={whole} />
    </section>
  );
}
