import type { StreamDetails } from '../../model/overview.js';
import type { StreamSnapshot } from '../../model/snapshot.js';
import type { Track } from '../../model/track.js';
import { codecName, count, milliseconds, pictureSize, rate, size, soundForm } from '../format.js';
import { Facts } from '../parts/facts.js';
import { type Column, Table } from '../parts/table.js';
import { Since, Time } from '../parts/time.js';

const TRACKS: readonly Column<Track>[] = [
  { title: 'Track', isName: true, show: ({ kind, id }) => (id === 0 ? kind : `${kind} ${id}`) },
  { title: 'Codec', show: ({ codec }) => <span title={codec}>{codecName(codec)}</span> },
  { title: 'Form', show: formOf },
  { title: 'Bit rate', isNumber: true, show: ({ kbps, declaredKbps }) => measured(kbps, declaredKbps, rate) },
];

/** Size and frame rate of a picture, rate and channels of sound. */
function formOf(track: Track): string {
  return track.kind === 'video' ? pictureSize(track) : soundForm(track);
}

/** What was measured, else what is claimed, and said to be. */
function measured(value: number | undefined, claimed: number | undefined, format: (value: number) => string) {
  if (value !== undefined) return format(value);
  return claimed === undefined ? '' : <span class="quiet">claims {format(claimed)}</span>;
}

/** What is known of a stream, and what was measured. */
export function StreamFacts({ stream, isOver }: { stream: StreamDetails; isOver: boolean }) {
  const { tracks, labels = {} } = stream;
  return (
    <section class="panel facts-of" aria-labelledby="facts">
      <h2 id="facts">Facts</h2>
      <Facts items={[...(isOver ? [] : nowFacts(stream)), ...mediaFacts(stream), ...originFacts(stream)]} />
      {tracks.length === 0 ? null : (
        <Table
          caption="Tracks"
          columns={TRACKS}
          rows={tracks}
          keyOf={({ kind, id }) => `${kind} ${id}`}
          empty="Nothing has come yet."
        />
      )}
      {Object.keys(labels).length === 0 ? null : (
        <>
          <h3>Labels</h3>
          <Facts items={Object.entries(labels)} />
        </>
      )}
    </section>
  );
}

type Items = Parameters<typeof Facts>[0]['items'];

/** What holds at this moment. */
function nowFacts({ startedAt, players, playersElsewhere, kbpsIn, kbpsOut, delayMs, gopMs }: StreamDetails): Items {
  const elsewhere = playersElsewhere === undefined ? '' : `, ${count(playersElsewhere)} elsewhere`;
  return [
    ['Live for', <Since key="for" iso={startedAt} />],
    ['Players', `${count(players)}${elsewhere}`],
    ['Delay', delayMs === undefined ? '' : milliseconds(delayMs)],
    ['Bit rate in', rate(kbpsIn)],
    ['Bit rate out', kbpsOut === undefined ? '' : rate(kbpsOut)],
    ['Keyframe every', gopMs === undefined ? '' : milliseconds(gopMs)],
  ];
}

/** What has come of it so far. */
function mediaFacts(stream: StreamSnapshot): Items {
  const { readyAt, startedAt } = stream;
  const wait = readyAt === undefined ? undefined : Date.parse(readyAt) - Date.parse(startedAt);
  return [
    ['Began', <Time key="began" iso={startedAt} />],
    ['Ready', wait === undefined ? 'not yet' : `after ${milliseconds(wait)}`],
    ['Received', size(stream.bytesIn)],
    ['Sent', size(stream.bytesOut)],
    ['Video frames', count(stream.videoFrames)],
    ['Audio frames', count(stream.audioFrames)],
    ['Dropped for slow players', count(stream.drops)],
  ];
}

function originFacts({ encoder, peer, transport, principal, keyFingerprint, streamId, limits }: StreamSnapshot): Items {
  return [
    ['Publisher', `${peer.address}:${peer.port}`],
    ['Transport', transport],
    ['Encoder', encoder],
    ['Principal', principal],
    ['Key fingerprint', keyFingerprint],
    ['Limits', limits === undefined ? '' : JSON.stringify(limits)],
    ['Id', <code key="id">{streamId}</code>],
  ];
}
