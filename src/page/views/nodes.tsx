import { count, plural, rate } from '../format.js';
import { type Node, nodeState, percent, relayWords } from '../nodes.js';
import { State } from '../parts/badge.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { Meter } from '../parts/meter.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { usePoll } from '../poll.js';
import { Relays } from './relays.js';
import type { ViewProps } from './view.js';

/** How often nodes are asked for, in ms. */
const EVERY_MS = 3000;

/** What a list of all nodes tells. */
interface Gathered<T> {
  readonly items: readonly T[];
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
}

const NODE_COLUMNS: readonly Column<Node>[] = [
  { title: 'Node', isName: true, show: ({ nodeId }) => <code>{nodeId}</code> },
  { title: 'State', show: (node) => <NodeState node={node} /> },
  { title: 'Version', show: ({ version = '' }) => version },
  { title: 'Address', show: ({ rtmp = '', relay }) => (relay === undefined ? rtmp : relayWords(relay)) },
  { title: 'Streams', isNumber: true, show: ({ events }) => (events === undefined ? '' : count(events.openStreams)) },
  { title: 'Players', isNumber: true, show: ({ load }) => (load === undefined ? '' : count(load.plays)) },
  { title: 'In', isNumber: true, show: ({ load }) => (load === undefined ? '' : rate(load.kbpsIn)) },
  { title: 'Out', isNumber: true, show: ({ load }) => (load === undefined ? '' : rate(load.kbpsOut)) },
  {
    title: 'Busy',
    show: ({ load }) =>
      load === undefined ? '' : <Meter value={load.busy} max={1} words={percent(load.busy)} label="Busy" />,
  },
  { title: 'Zone', show: ({ zone = '' }) => zone },
];

/** The nodes, how busy they are, and what is carried between servers. */
export function Nodes(_props: ViewProps) {
  const all = usePoll<Gathered<Node>>('/v1/nodes?scope=cluster', EVERY_MS);
  const isAlone = all.error?.code === 'ERR_CTL_BUS_DOWN';
  const own = usePoll<{ nodes: readonly Node[] }>(isAlone ? '/v1/nodes' : undefined, EVERY_MS);
  const nodes = isAlone ? own.value?.nodes : all.value?.items;
  const error = isAlone ? own.error : all.error;
  return (
    <>
      <Heading title="Nodes" />
      {error === undefined ? null : <ErrorNote error={error} what="The nodes cannot be shown" />}
      {nodes === undefined ? null : (
        <section class="panel">
          <Table caption="Nodes" isCaptionHidden columns={NODE_COLUMNS} rows={nodes} keyOf={({ nodeId }) => nodeId} />
        </section>
      )}
      <Missing missing={isAlone ? [] : all.value?.missing} />
      {isAlone ? <Alone nodes={nodes} /> : null}
      {nodes === undefined ? null : (
        <Relays isAlone={isAlone} isInCluster={nodes.some(({ relay }) => relay !== undefined)} />
      )}
    </>
  );
}

function Missing({ missing = [] }: { missing: readonly string[] | undefined }) {
  if (missing.length === 0) return null;
  return <p class="note warn">Did not answer in time: {missing.join(', ')}. What they have is not shown.</p>;
}

/** Why no other node is shown. */
function Alone({ nodes }: { nodes: readonly Node[] | undefined }) {
  const bus = nodes?.[0]?.events?.busState;
  if (bus !== undefined && bus !== 'off')
    return <p class="note warn">NATS cannot be reached now, so that other nodes cannot be asked.</p>;
  return (
    <NotSetUp
      title="Only this node is known"
      setting="nats.url"
      example="SLUICE_NATS_URL=nats://127.0.0.1:4222"
      docs="docs/cluster.md"
    >
      Nodes find each other over NATS. With cluster.enabled and a secret as well, each plays the streams of all others.
    </NotSetUp>
  );
}

/** How a node is; while it drains also what is left on it. */
function NodeState({ node }: { node: Node }) {
  const { drain } = node;
  const left = drain === undefined ? '' : `${plural(drain.streams, 'stream')}, ${plural(drain.plays, 'player')} left`;
  return (
    <>
      <State state={nodeState(node)} /> {left}
    </>
  );
}
