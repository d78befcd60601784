import type { Overview } from '../../model/overview.js';
import { count, rate } from '../format.js';
import { sparkline } from '../history.js';
import { Badge } from '../parts/badge.js';
import { Since } from '../parts/time.js';
import { streamHistory } from '../stream-history.js';
import type { totals } from './overview-list.js';

/** Under which name the history of all streams together is kept. */
export const ALL = '';

/** How the node is, in words. */
export function Health({ node }: { node: Overview['node'] }) {
  const { version, startedAt, ready, reasons, degraded, nats, isInCluster, nodeId } = node;
  const isWell = ready && degraded.length === 0 && nats !== 'down';
  return (
    <section class="health" aria-labelledby="health">
      <h2 id="health" class="unseen">
        This server
      </h2>
      <p class="line">
        <Badge tone={!ready ? 'bad' : isWell ? 'good' : 'warn'}>{ready ? 'Ready' : 'Takes no work'}</Badge>
        <span>Sluice {version}</span>
        <span>
          up for <Since iso={startedAt} />
        </span>
        <span class={nats === 'down' ? 'bad' : ''}>{NATS[nats]}</span>
        {isInCluster ? <span>node {nodeId} of a cluster</span> : null}
      </p>
      {reasons.length + degraded.length === 0 ? null : (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li key={reason} class="note bad">
              {reason}
            </li>
          ))}
          {degraded.map((reason) => (
            <li key={reason} class="note warn">
              {reason}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const NATS = { off: 'NATS is off', up: 'NATS is connected', down: 'NATS is not connected' } as const;

/** Figures of all streams together, each with its last ten minutes. */
export function Totals({ streams, sum }: { streams: number; sum: ReturnType<typeof totals> }) {
  const { series } = streamHistory.columns(ALL);
  return (
    <dl class="totals">
      <Total name="Streams" value={count(streams)} line={undefined} />
      <Total name="Players" value={count(sum.players)} line={series[3]} />
      <Total name="In" value={rate(sum.kbpsIn)} line={series[0]} />
      <Total name="Out" value={rate(sum.kbpsOut)} line={series[1]} />
    </dl>
  );
}

type Line = readonly (number | null)[] | undefined;

function Total({ name, value, line }: { name: string; value: string; line: Line }) {
  const [figure = '', unit = ''] = value.split(' ');
  const points = line === undefined ? '' : sparkline(line, 120, 28);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {figure} {unit === '' ? null : <small>{unit}</small>}
      </dd>
      {points === '' ? null : (
        <svg viewBox="0 -1 120 30" preserveAspectRatio="none" aria-hidden="true">
          <polyline points={points} />
        </svg>
      )}
    </div>
  );
}
