import type { Overview } from '../../model/overview.js';
import { count, rate, sentence } from '../format.js';
import { sparkline } from '../history.js';
import { Badge } from '../parts/badge.js';
import { Since } from '../parts/time.js';
import { streamHistory } from '../stream-history.js';
import type { totals } from './overview-list.js';

/** Under which name the history of all streams together is kept. */
export const ALL = '';

/** How the node is, in words. */
export function Health({ node }: { node: Overview['node'] }) {
  const { version, startedAt, ready, degraded, nats, isInCluster, nodeId } = node;
  const isWell = ready && degraded.length === 0 && nats !== 'down';
  return (
    <p class="health">
      <Badge tone={!ready ? 'bad' : isWell ? 'good' : 'warn'}>
        {!ready ? 'Takes no work' : isWell ? 'Ready' : 'Ready, degraded'}
      </Badge>
      <span>Sluice {version}</span>
      <span>
        up for <Since iso={startedAt} />
      </span>
      <span class={nats === 'down' ? 'bad' : ''}>{NATS[nats]}</span>
      {isInCluster ? <span>node {nodeId} of a cluster</span> : null}
    </p>
  );
}

/** Why the node takes no work, and what of it does not work. */
export function Reasons({ node: { reasons, degraded } }: { node: Overview['node'] }) {
  if (reasons.length + degraded.length === 0) return null;
  return (
    <ul class="reasons" aria-label="What is wrong with this server">
      {reasons.map((reason) => (
        <li key={reason} class="note bad">
          {sentence(reason)}
        </li>
      ))}
      {degraded.map((reason) => (
        <li key={reason} class="note warn">
          {sentence(reason)}
        </li>
      ))}
    </ul>
  );
}

const NATS = { off: 'NATS is off', up: 'NATS is connected', down: 'NATS is not connected' } as const;

/** Figures of all streams together, each with its last ten minutes. */
export function Totals({ streams, sum }: { streams: number; sum: ReturnType<typeof totals> }) {
  const { series } = streamHistory.columns(ALL);
  return (
    <dl class="totals">
      <Total name="Streams" value={count(streams)} line={undefined} trouble={sum.troubled} />
      <Total name="Players" value={count(sum.players)} line={series[3]} />
      <Total name="In" value={rate(sum.kbpsIn)} line={series[0]} />
      <Total name="Out" value={rate(sum.kbpsOut)} line={series[1]} />
    </dl>
  );
}

/** Size of the box of a line. */
const [WIDTH, HEIGHT] = [120, 40];

function Total(props: { name: string; value: string; line: readonly (number | null)[] | undefined; trouble?: number }) {
  const { name, value, line, trouble = 0 } = props;
  const [figure = '', unit = ''] = value.split(' ');
  const points = line === undefined ? '' : sparkline(line, WIDTH, HEIGHT);
  return (
    <div>
      {points === '' ? null : (
        <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 2}`} preserveAspectRatio="none" aria-hidden="true">
          <polygon points={`0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}`} />
          <polyline points={points} />
        </svg>
      )}
      <dt>{name}</dt>
      <dd>
        {figure} {unit === '' ? null : <small>{unit}</small>}
        {trouble === 0 ? null : <small class="warn">{count(trouble)} with trouble</small>}
      </dd>
    </div>
  );
}
