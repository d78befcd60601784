import type { RelaySnapshot } from '../../model/relay-snapshot.js';
import { count, plural, rate, size } from '../format.js';
import { type Node, nodeState, percent, relayWords } from '../nodes.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { Meter } from '../parts/meter.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { Since } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { hrefOf } from '../route.js';
import type { ViewProps } from './view.js';

/** How often nodes and relays are asked for, in ms. */
const EVERY_MS = 3000;

/** What a list of all nodes tells. */
interface Gathered<T> {
  readonly items: readonly T[];
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
}

type Relay = RelaySnapshot & { readonly nodeId: string };

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

const RELAY_COLUMNS: readonly Column<Relay>[] = [
  {
    title: 'Name',
    isName: true,
    show: ({ app, name, streamId }) =>
      streamId === undefined ? `${app}/${name}` : <a href={hrefOf('streams', streamId)}>{`${app}/${name}`}</a>,
  },
  { title: 'State', show: ({ state }) => <State state={state} /> },
  { title: 'From', show: ({ fromNode = '' }) => <code>{fromNode}</code> },
  { title: 'To', show: ({ nodeId }) => <code>{nodeId}</code> },
  { title: 'Players', isNumber: true, show: ({ players }) => count(players) },
  { title: 'Carried', isNumber: true, show: ({ bytes }) => size(bytes) },
  { title: 'For', isNumber: true, show: ({ since }) => <Since iso={since} /> },
];

/** The nodes, how busy they are, and which streams they fetch from each other. */
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
      {isAlone ? <Alone nodes={nodes} /> : <Relays isInCluster={nodes?.some(({ relay }) => relay !== undefined)} />}
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

function Relays({ isInCluster }: { isInCluster: boolean | undefined }) {
  const { value, error } = usePoll<Gathered<Relay>>('/v1/relays?scope=cluster', EVERY_MS);
  if (isInCluster === false) {
    return (
      <NotSetUp
        title="These nodes are no cluster"
        setting="cluster.enabled"
        example="SLUICE_CLUSTER_ENABLED=true SLUICE_CLUSTER_SECRET=…"
        docs="docs/cluster.md"
      >
        The nodes of a cluster fetch streams from each other for their players.
      </NotSetUp>
    );
  }
  if (error !== undefined) return <ErrorNote error={error} what="The relays cannot be shown" />;
  if (value === undefined) return null;
  return (
    <section class="panel">
      <Table
        caption="Streams that nodes fetch from each other"
        columns={RELAY_COLUMNS}
        rows={value.items}
        keyOf={({ app, name, nodeId }) => `${app}/${name} ${nodeId}`}
        empty={
          <Empty title="No stream is fetched from another node">
            <p>It begins with the first player of a stream that another node has.</p>
          </Empty>
        }
      />
    </section>
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
