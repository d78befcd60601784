import type { RtmpUrl } from '../client/rtmp-url.js';
import { type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Publisher } from '../doors/client.js';
import type { Door } from '../doors/door.js';
import type { RunningPublish } from '../doors/published-stream.js';
import type { OpenRequest } from '../doors/requests.js';
import type { RelayedStream } from '../events/relay-events.js';
import type { MediaBatch } from '../hub/media-batch.js';
import type { OutgoingLink, OutgoingNews } from '../link/outgoing-link.js';
import type { ConnectionFacts } from '../live/access.js';
import type { EndReason } from '../model/reasons.js';
import type { RelayEndReason } from '../model/relay.js';
import type { ChunkCodec } from '../wasm/chunk-codec.js';
import { heldBatch } from './held-batch.js';
import type { Carrier } from './relay.js';
import type { StreamName } from './target.js';

/** What a pull needs of those who keep it. None of it throws. */
interface PullOwner {
  /** This server has ended the stream: by control, past a limit, or at its end. */
  endedHere(): void;
  /** The connection cannot go on: it has to be closed. */
  broken(error: SluiceError): void;
}

const DATA_AMF0 = 18;

/**
 * Publishes a stream of another server here. Batches of the played stream lie in the codec as those of an encoder do,
 * and are appended to the stream's log in the same way.
 */
export class Pull implements Carrier {
  readonly of: StreamName;
  readonly #url: RtmpUrl;
  readonly #door: Door;
  readonly #nowMs: () => number;
  readonly #owner: PullOwner;
  #streamId: string | undefined;
  #connectionId: string | undefined;
  #request: OpenRequest | undefined;
  #run: RunningPublish | undefined;
  #link: OutgoingLink | undefined;
  #codec: ChunkCodec | undefined;
  /** Media that came before the stream was accepted here: some servers play without a Play.Start. */
  #held: MediaBatch | undefined;
  #readBytes = 0;
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
    this.#nowMs = parts.nowMs;
    this.#owner = owner;
  }

  stream(relayId: string): RelayedStream {
    const { app, name } = this.of;
    const streamId = this.#streamId ?? relayId;
    return { streamId, app, name, connectionId: this.#connectionId ?? streamId };
  }

  get bytes(): number {
    return this.#bytesPast + (this.#run?.publication.bytes ?? 0);
  }

  /** Frames that are not there in time were left out by the other server, which does not tell. */
  readonly drops = 0;

  ready(link: OutgoingLink, codec: ChunkCodec): void {
    this.#link = link;
    this.#codec = codec;
    this.#readBytes = link.bytesIn;
    link.hold();
    const facts = this.#facts(link);
    this.#connectionId = facts.connectionId;
    this.#request = this.#door.publish(facts, { ...this.of, query: '', isOwn: true }, this.#publisher(), {
      answered: (decision) => {
        this.#request = undefined;
        if (decision.accept) this.#begin(decision.run, link, codec);
        else {
          const { code, description } = decision.refusal;
          this.#owner.broken(new SluiceError('ERR_RELAY_REFUSED_HERE', `${code}: ${description}`));
        }
      },
      failed: (error) => this.#owner.broken(new SluiceError('ERR_INTERNAL', 'publishing', { cause: error })),
    });
  }

  media(codec: ChunkCodec): void {
    const run = this.#run;
    if (run === undefined) {
      this.#held ??= heldBatch(codec);
      return;
    }
    run.publication.append(codec, this.#nowMs());
    this.#count(run);
  }

  news(news: OutgoingNews): void {
    if (news.kind !== 'data') return;
    const { name, payload, timestamp, values } = news;
    this.#run?.data({ name, type: DATA_AMF0, payload, timestamp, values });
  }

  lost(error: SluiceError | undefined, ending: RelayEndReason | undefined): void {
    const { reason, code } =
      ending === 'shutdown' ? { reason: 'server_drain' as const, code: undefined } : endOf(error);
    this.#request?.withdraw(reason, 'client_closed');
    this.#request = undefined;
    this.#held = undefined;
    this.#stop(reason, code);
    this.#link = undefined;
    this.#codec = undefined;
  }

  #begin(run: RunningPublish, link: OutgoingLink, codec: ChunkCodec): void {
    this.#run = run;
    this.#streamId = run.streamId;
    codec.setPublishing(true);
    run.publication.writer.frameFrom(codec);
    for (const id of new Set([link.messageStreamId, 0])) codec.beginTimeline(id, run.resumeTimestamp);
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) run.publication.append(held, this.#nowMs());
    link.goOn();
  }

  /** Ends the stream here. The codec is taken back afterwards. */
  #stop(reason: EndReason, code?: ErrorCode): void {
    this.#letGo()?.end(reason, code);
    this.#codec?.setPublishing(false);
  }

  /** What has come belongs to the stream, and what follows does not. */
  #letGo(): RunningPublish | undefined {
    const run = this.#run;
    if (run === undefined) return undefined;
    this.#run = undefined;
    this.#count(run);
    this.#bytesPast += run.publication.bytes;
    this.#codec?.endTimeline(this.#link?.messageStreamId ?? 0);
    this.#codec?.endTimeline(0);
    return run;
  }

  #count({ publication }: RunningPublish): void {
    const readBytes = this.#link?.bytesIn ?? this.#readBytes;
    publication.wireBytes += readBytes - this.#readBytes;
    this.#readBytes = readBytes;
  }

  #facts({ channel }: OutgoingLink): ConnectionFacts {
    const { tcUrl, isSecure } = this.#url;
    return {
      connectionId: newId(),
      peer: { address: channel.remoteAddress, port: channel.remotePort },
      transport: isSecure ? 'rtmps' : 'rtmp',
      info: {
        ...{ app: this.of.app, tcUrl: tcUrl.replace(/\?.*$/s, ''), flashVer: '', swfUrl: '', pageUrl: '' },
        ...{ objectEncoding: 0, isEnhanced: false, capsEx: 0 },
      },
    };
  }

  #publisher(): Publisher {
    return {
      end: () => {
        this.#letGo();
        this.#owner.endedHere();
      },
      record: () => {},
      requestReconnect: () => {},
      call: ({ answered }) => answered({ kind: 'gone' }),
      readNow: () => Promise.resolve(),
    };
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
