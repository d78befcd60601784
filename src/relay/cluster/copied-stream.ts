import type { RtmpUrl } from '../../client/rtmp-url.js';
import { SluiceError } from '../../core/errors.js';
import { newId } from '../../core/ids.js';
import type { Publisher } from '../../doors/client.js';
import type { Door } from '../../doors/door.js';
import type { RunningPublish } from '../../doors/published-stream.js';
import type { OpenRequest } from '../../doors/requests.js';
import type { OutgoingLink, OutgoingNews } from '../../link/outgoing-link.js';
import type { OwnerOf } from '../../live/owners.js';
import type { EndReason } from '../../model/reasons.js';
import type { ChunkCodec } from '../../wasm/chunk-codec.js';
import { FetchedMedia } from '../fetched-media.js';
import { factsOfLink, ownPublisher } from '../own-publisher.js';
import type { StreamName } from '../target.js';

/** What a copy tells those who keep it. None of it throws. */
interface CopyOwner {
  /** Its media goes to the players of this node from here on. */
  running(): void;
  /** The stream is over here: it was ended here, or gave way to a publish of this node. Called once, last. */
  endedHere(): void;
  /** The connection cannot go on. */
  broken(error: SluiceError): void;
}

/**
 * The publish of another node's stream on this node, over all connections to nodes that have it. Between two of them
 * the stream stays, and its players with it.
 */
export class CopiedStream {
  readonly relayId = newId();
  readonly streamId: string;
  readonly #of: StreamName;
  readonly #door: Door;
  readonly #owner: CopyOwner;
  readonly #media: FetchedMedia;
  #request: OpenRequest | undefined;
  /** The publish, also while no connection carries it. */
  #run: RunningPublish | undefined;
  #publisher: Publisher | undefined;
  #bytesPast = 0;

  constructor(
    of: StreamName,
    streamId: string,
    parts: { readonly door: Door; readonly nowMs: () => number },
    owner: CopyOwner,
  ) {
    this.#of = of;
    this.streamId = streamId;
    this.#door = parts.door;
    this.#owner = owner;
    this.#media = new FetchedMedia(parts.nowMs);
  }

  /** Whether players can be attached to it. */
  get isBegun(): boolean {
    return this.#run !== undefined;
  }

  /** Media carried, as framed for players, in bytes. */
  get bytes(): number {
    return this.#bytesPast + (this.#run?.publication.bytes ?? 0);
  }

  /** How long nothing of the stream has come, in ms. */
  silentMs(nowMs: number): number {
    return this.#run?.publication.silentMs(nowMs) ?? 0;
  }

  /** A connection plays the stream. @param attempts connections tried so far */
  ready(link: OutgoingLink, codec: ChunkCodec, from: OwnerOf, url: RtmpUrl, attempts: number): void {
    this.#media.connected(link, codec);
    const facts = factsOfLink(this.#of.app, url, link.channel);
    const { relayId, streamId } = this;
    const { nodeId, epoch } = from;
    const copy = { relayId, streamId, nodeId, epoch, url: url.display, attempts };
    // The publisher of the connection before is told that this one has replaced it.
    const publisher: Publisher = ownPublisher(() => {
      if (this.#publisher === publisher) this.#endedHere();
    });
    this.#publisher = publisher;
    this.#request = this.#door.publish(facts, { ...this.#of, query: '', isOwn: true, copy }, publisher, {
      answered: (decision) => {
        this.#request = undefined;
        if (!decision.accept) {
          const { code, description } = decision.refusal;
          this.#owner.broken(new SluiceError('ERR_RELAY_REFUSED_HERE', `${code}: ${description}`));
          return;
        }
        this.#run = decision.run;
        this.#media.begin(decision.run);
        this.#owner.running();
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

  /** The connection is going, and its codec with it. The stream stays. */
  disconnected(): void {
    this.#request?.withdraw('client_closed', 'client_closed');
    this.#request = undefined;
    this.#media.gone();
  }

  /** Ends it. Players go on by what the hub does at the end of any publish. Calls after the first do nothing. */
  end(reason: EndReason): void {
    this.disconnected();
    const run = this.#run;
    this.#run = undefined;
    this.#publisher = undefined;
    if (run === undefined) return;
    this.#bytesPast += run.publication.bytes;
    run.end(reason);
  }

  #endedHere(): void {
    this.#media.leave();
    this.#bytesPast += this.#run?.publication.bytes ?? 0;
    this.#run = undefined;
    this.#publisher = undefined;
    this.#owner.endedHere();
  }
}
