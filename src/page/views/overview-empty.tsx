import { Empty } from '../parts/empty.js';
import { usePoll } from '../poll.js';
import { publishUrl } from './overview-list.js';

/** What stands there while nothing is live: how to publish, with the address of this server. */
export function NoStreams() {
  const { value } = usePoll<{ rtmp?: string }>('/v1/node', 60_000);
  const url = publishUrl(value?.rtmp ?? ':1935', location.hostname);
  return (
    <Empty title="No stream is live">
      <p>Publish to this server, and the stream is here within a second or two.</p>
      <dl class="howto">
        <div>
          <dt>A test picture, without any other program</dt>
          <dd>
            <code>sluice publish --test {url}/cam1</code>
          </dd>
        </div>
        <div>
          <dt>A file with ffmpeg</dt>
          <dd>
            <code>ffmpeg -re -i film.mp4 -c copy -f flv {url}/cam1</code>
          </dd>
        </div>
        <div>
          <dt>OBS Studio: Settings, Stream, Service “Custom…”</dt>
          <dd>
            Server <code>{url}</code>, stream key <code>cam1</code>
          </dd>
        </div>
      </dl>
    </Empty>
  );
}
