import type { PlaySnapshot } from '../../model/play-snapshot.js';
import { ask } from '../api.js';
import { count } from '../format.js';
import { Badge } from '../parts/badge.js';
import { Confirm } from '../parts/confirm.js';
import { ErrorNote } from '../parts/error-note.js';
import { type Column, Table } from '../parts/table.js';
import { Since } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useState } from '../preact.js';
import { Reason, reasonIn } from './stream-kick.js';

/** How often players are asked for, in ms. */
const EVERY_MS = 3000;
/** How many are listed. */
const LIMIT = 200;

const COLUMNS: readonly Column<PlaySnapshot>[] = [
  { title: 'Address', isName: true, show: ({ peer }) => `${peer.address}:${peer.port}` },
  {
    title: 'Client',
    show: ({ client, relay, job }) => (client === undefined ? roleOf(relay, job) : <Clipped text={client} />),
  },
  { title: 'For', isNumber: true, show: ({ startedAt }) => <Since iso={startedAt} /> },
];

/** Only where one of them has one: most servers give none, and the table has little room. */
const PRINCIPAL: Column<PlaySnapshot> = { title: 'Principal', show: ({ principal }) => principal ?? '' };

/** A text that a stranger chose, however long. */
function Clipped({ text }: { text: string }) {
  return (
    <span class="clipped" title={text}>
      {text}
    </span>
  );
}

function roleOf(relay: PlaySnapshot['relay'], job: PlaySnapshot['job']) {
  if (relay !== undefined) return <Badge tone="quiet">node {relay.nodeId}</Badge>;
  return job === undefined ? '' : <Badge tone="quiet">job {job.template}</Badge>;
}

/** Who plays a stream. */
export function StreamPlayers({ streamId, mayKick }: { streamId: string; mayKick: boolean }) {
  const path = `/v1/plays?streamId=${encodeURIComponent(streamId)}&limit=${LIMIT}`;
  const { value, error, refresh } = usePoll<{ plays: readonly PlaySnapshot[]; cursor?: string }>(path, EVERY_MS);
  const [chosen, setChosen] = useState<PlaySnapshot>();
  const [told, setTold] = useState('');
  const kick: Column<PlaySnapshot> = {
    title: '',
    show: (play) => (
      <button type="button" class="danger small" onClick={() => setChosen(play)}>
        Disconnect<span class="unseen"> {play.peer.address}</span>
      </button>
    ),
  };
  const confirm = async (form: FormData): Promise<void> => {
    await ask(`/v1/plays/${encodeURIComponent(chosen!.playId)}/kick`, { method: 'POST', body: reasonIn(form) });
    setTold(`The player at ${chosen!.peer.address} was disconnected.`);
    refresh();
  };
  const plays = value?.plays ?? [];
  const hasPrincipals = plays.some(({ principal }) => principal !== undefined);
  return (
    <section class="panel" aria-labelledby="players">
      <h2 id="players">Players</h2>
      {error === undefined ? null : <ErrorNote error={error} what="The players cannot be listed" />}
      <p role="status">{told}</p>
      <Table
        caption="Players of this stream"
        isCaptionHidden
        columns={[...COLUMNS, ...(hasPrincipals ? [PRINCIPAL] : []), ...(mayKick ? [kick] : [])]}
        rows={plays}
        keyOf={({ playId }) => playId}
        empty={<p class="quiet">Nobody plays it at this server.</p>}
      />
      {value?.cursor === undefined ? null : (
        <p class="quiet">
          The first {count(plays.length)} are shown, and there are more. <code>sluice plays ls</code> lists all of them.
        </p>
      )}
      {chosen === undefined ? null : (
        <Confirm
          title={`Disconnect the player at ${chosen.peer.address}?`}
          verb="Disconnect"
          onConfirm={confirm}
          onClose={() => setChosen(undefined)}
        >
          <p>It may connect again.</p>
          <Reason />
        </Confirm>
      )}
    </section>
  );
}
