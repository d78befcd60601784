import type { RtmpUrl } from '../client/rtmp-url.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Door } from '../doors/door.js';
import type { RunningPublish } from '../doors/published-stream.js';
import type { OpenRequest } from '../doors/requests.js';
import type { RelayedStream } from '../events/relay-events.js';
import type { OutgoingLink, OutgoingNews } from '../link/outgoing-link.js';
import type { EndReason } from '../model/reasons.js';
import type { RelayEndReason } from '../model/relay.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { FetchedMedia } from './fetched-media.js';
import { factsOfLink, ownPublisher } from './own-publisher.js';
import type { Carrier } from './relay.js';
import type { StreamName } from './target.js';

/** What a pull needs of those who keep it. None of it throws. */
interface PullOwner {
  /** This server has ended the stream: by control, past a limit, or at its end. */
  endedHere(): void;
  /** The connection cannot go on: it has to be closed. */
  broken(error: SluiceError): void;
}

/**
 * Publishes a stream of another server here. Batches of the played stream lie in the codec as those of an encoder do,
 * and are appended to the stream's log in the same way.
 */
export class Pull implements Carrier {
  readonly of: StreamName;
  readonly #url: RtmpUrl;
  readonly #door: Door;
  readonly #owner: PullOwner;
  #streamId: string | undefined;
  #connectionId: string | undefined;
  #request: OpenRequest | undefined;
  readonly #media: FetchedMedia;
  #bytesPast = 0;

  constructor(
    of: StreamName,
    url: RtmpUrl,
    parts: { readonly door: Door; readonly nowMs: () => number },
    owner: PullOwner,
  ) {
    this.of = of;
    this.#url = url;
    this.#door = parts.door;
    this.#media = new FetchedMedia(parts.nowMs);
    this.#owner = owner;
  }

  stream(relayId: string): RelayedStream {
    const { app, name } = this.of;
    const streamId = this.#streamId ?? relayId;
    return { streamId, app, name, connectionId: this.#connectionId ?? streamId };
  }

  get bytes(): number {
    return this.#bytesPast + (this.#media.run?.publication.bytes ?? 0);
  }

  /** Frames that are not there in time were left out by the other server, which does not tell. */
  readonly drops = 0;

  ready(link: OutgoingLink, codec: ChunkCodec): void {
    this.#media.connected(link, codec);
    const facts = factsOfLink(this.of.app, this.#url, link.channel);
    const publisher = ownPublisher(() => {
      this.#letGo();
      this.#owner.endedHere();
    });
    this.#connectionId = facts.connectionId;
    this.#request = this.#door.publish(facts, { ...this.of, query: '', isOwn: true }, publisher, {
      answered: (decision) => {
        this.#request = undefined;
        if (decision.accept) {
          this.#streamId = decision.run.streamId;
          this.#media.begin(decision.run);
        } else {
          const { code, description } = decision.refusal;
          this.#owner.broken(new SluiceError('ERR_RELAY_REFUSED_HERE', `${code}: ${description}`));
        }
      },
      failed: (error) => this.#owner.broken(new SluiceError('ERR_INTERNAL', 'publishing', { cause: error })),
    });
  }

  media(codec: ChunkCodec): void {
    this.#media.append(codec);
  }

  news(news: OutgoingNews): void {
    this.#media.news(news);
  }

  lost(error: SluiceError | undefined, ending: RelayEndReason | undefined): void {
    const { reason, code } =
      ending === 'shutdown' ? { reason: 'server_drain' as const, code: undefined } : endOf(error);
    this.#request?.withdraw(reason, 'client_closed');
    this.#request = undefined;
    this.#letGo()?.end(reason, code);
    this.#media.gone();
  }

  /** What has come belongs to the stream, and what follows does not. */
  #letGo(): RunningPublish | undefined {
    const run = this.#media.leave();
    this.#bytesPast += run?.publication.bytes ?? 0;
    return run;
  }
}

/** What the end of a connection to another server means for the stream here. */
function endOf(error: SluiceError | undefined): { readonly reason: EndReason; readonly code?: ErrorCode } {
  switch (error?.code) {
    case undefined:
    case 'ERR_CLIENT_ENDED':
      return { reason: 'client_unpublish' };
    case 'ERR_CLIENT_LOST':
      return { reason: 'client_closed' };
    case 'ERR_RELAY_STALLED':
      return { reason: 'idle', code: error.code };
    default:
      return { reason: 'protocol_error', code: error!.code };
  }
}
