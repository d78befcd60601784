import { count, rate, size } from '../format.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { NotSetUp } from '../parts/not-set-up.js';
import { type Column, Table } from '../parts/table.js';
import { Ago, Since } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { type Copy, carriedWords, keyOfOutside, type Outside, type RelayList, relaysOf } from '../relays.js';
import { hrefOf } from '../route.js';

/** How often relays are asked for, in ms. */
const EVERY_MS = 3000;
/** How many are listed. */
const LIMIT = 200;

const COPIES: readonly Column<Copy>[] = [
  { title: 'Name', isName: true, show: ({ app, name, streamId }) => linked(`${app}/${name}`, streamId) },
  { title: 'State', show: ({ state }) => <State state={state} /> },
  { title: 'From', show: ({ fromNode = '' }) => <code>{fromNode}</code> },
  { title: 'To', show: ({ nodeId }) => <code>{nodeId}</code> },
  { title: 'Players', isNumber: true, show: ({ players }) => count(players) },
  { title: 'Carried', isNumber: true, show: ({ bytes }) => size(bytes) },
  { title: 'For', isNumber: true, show: ({ since }) => <Since iso={since} /> },
];

const OUTSIDE: readonly Column<Outside>[] = [
  { title: 'Stream', isName: true, show: (relay) => linked(carriedWords(relay), relay.streamId) },
  {
    title: 'Way',
    show: ({ direction, url }) => (
      <>
        {direction === 'push' ? 'to' : 'from'} <code>{url}</code>
      </>
    ),
  },
  { title: 'State', show: (relay) => <OutsideState relay={relay} /> },
  { title: 'Rate', isNumber: true, show: ({ kbps }) => (kbps === undefined ? '' : rate(kbps)) },
  { title: 'Carried', isNumber: true, show: ({ bytes }) => size(bytes) },
  { title: 'Tries', isNumber: true, show: ({ attempts }) => (attempts === undefined ? '' : count(attempts)) },
  { title: 'For', isNumber: true, show: ({ since }) => <Since iso={since} /> },
];

const NODE: Column<Outside> = { title: 'Node', show: ({ nodeId }) => <code>{nodeId}</code> };

function linked(words: string, streamId: string | undefined) {
  return streamId === undefined ? words : <a href={hrefOf('streams', streamId)}>{words}</a>;
}

/** How a push or a pull is; while it does not work also why, and when it is tried again. */
function OutsideState({ relay: { state, code, detail, nextTryAt } }: { relay: Outside }) {
  return (
    <>
      <State state={state} /> {code === undefined ? null : <code title={detail}>{code}</code>}{' '}
      {nextTryAt === undefined ? null : <Ago iso={nextTryAt} />}
    </>
  );
}

/**
 * What is carried between servers: to others and from them, and between the nodes of a cluster.
 *
 * @param isAlone only this node can be asked
 * @param isInCluster undefined: it is not known
 */
export function Relays({ isAlone, isInCluster }: { isAlone: boolean; isInCluster: boolean | undefined }) {
  const path = `/v1/relays?limit=${LIMIT}${isAlone ? '' : '&scope=cluster'}`;
  const { value, error } = usePoll<RelayList>(path, EVERY_MS);
  if (value === undefined) return error === undefined ? null : <ErrorNote error={error} what={WHAT} />;
  const { copies, outside } = relaysOf(value);
  return (
    <>
      {error === undefined ? null : <ErrorNote error={error} what={WHAT} />}
      <OutsideTable outside={outside} isAlone={isAlone} />
      {isAlone ? null : <CopyTable copies={copies} isInCluster={isInCluster} />}
      {value.cursor === undefined ? null : (
        <p class="quiet">
          There are more relays. <code>sluice relays</code> lists all of them.
        </p>
      )}
    </>
  );
}

const WHAT = 'The relays cannot be shown';

function OutsideTable({ outside, isAlone }: { outside: readonly Outside[]; isAlone: boolean }) {
  if (outside.length === 0) {
    return (
      <NotSetUp
        title="No stream goes to another server or comes from one"
        setting="relay.push or relay.pull"
        example="relay: { push: [{ match: 'live/*', url: 'rtmp://other.example/live/{name}' }] }"
        docs="docs/relays.md"
      >
        A push publishes streams of this server to another one as long as they run; a pull fetches one from there.
      </NotSetUp>
    );
  }
  return (
    <section class="panel">
      <Table
        caption="Relays to other servers and from them"
        columns={isAlone ? OUTSIDE : [...OUTSIDE, NODE]}
        rows={outside}
        keyOf={keyOfOutside}
      />
    </section>
  );
}

function CopyTable({ copies, isInCluster }: { copies: readonly Copy[]; isInCluster: boolean | undefined }) {
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
  return (
    <section class="panel">
      <Table
        caption="Streams that nodes fetch from each other"
        columns={COPIES}
        rows={copies}
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
