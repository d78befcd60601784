import type { StreamSnapshot } from '../../model/snapshot.js';
import { count, rate, size, trackWords } from '../format.js';
import { Facts } from '../parts/facts.js';
import { Ago, Since, Time } from '../parts/time.js';

/** What is known of a stream, and what was measured. */
export function StreamFacts({ stream }: { stream: StreamSnapshot }) {
  const { peer, startedAt, readyAt } = stream;
  return (
    <section class="panel" aria-labelledby="facts">
      <h2 id="facts">Stream</h2>
      <Facts
        items={[
          ['Live for', <Since key="for" iso={startedAt} />],
          ['Began', <Time key="began" iso={startedAt} />],
          ['Ready', readyAt === undefined ? 'not yet' : <Ago key="ready" iso={readyAt} />],
          ['Tracks', stream.tracks.map(trackWords).join(' + ')],
          ['Bit rate in', rate(stream.kbpsIn)],
          ['Received', size(stream.bytesIn)],
          ['Sent', size(stream.bytesOut)],
          ['Frames', `${count(stream.videoFrames)} video, ${count(stream.audioFrames)} audio`],
          ['Dropped for players', count(stream.drops)],
          ['Encoder', stream.encoder],
          ['Publisher', `${peer.address}:${peer.port}`],
          ['Transport', stream.transport],
          ['Principal', stream.principal],
        ]}
      />
    </section>
  );
}
