import { ApiError, askBytes } from '../api.js';
import { drawByElement, drawDecoded } from './draw.js';
import { readKeyframe } from './keyframe.js';
import { type Way, wayFor } from './support.js';
import { Turns } from './turns.js';

/** What is told of a picture: it is shown; the stream has none yet; this browser cannot make it. */
type Shown = 'shown' | 'none' | 'unsupported';

interface Wanted {
  readonly streamId: string;
  readonly canvas: HTMLCanvasElement;
  readonly codec: string;
  readonly tell: (shown: Shown) => void;
  /** Of the picture that is on the canvas. */
  etag?: string;
}

/** How often it is looked whose turn it is, in ms. */
const LOOK_MS = 400;

/** Brings pictures onto canvases that are in sight, while the tab is seen. */
class PictureDesk {
  readonly #turns = new Turns();
  readonly #wanted = new Map<string, Wanted>();
  #observer: IntersectionObserver | undefined;
  #timer = 0;

  /**
   * Keeps a canvas up to date until the function that is returned is called.
   *
   * @param codec of the stream's video track, as the server names it
   * @param tell what has become of the picture, when that changes
   */
  show(streamId: string, canvas: HTMLCanvasElement, codec: string, tell: (shown: Shown) => void): () => void {
    this.#observer ??= new IntersectionObserver((entries) => this.#look(entries), { rootMargin: '100px' });
    canvas.dataset['stream'] = streamId;
    this.#wanted.set(streamId, { streamId, canvas, codec, tell });
    this.#observer.observe(canvas);
    return () => {
      this.#observer?.unobserve(canvas);
      if (this.#wanted.get(streamId)?.canvas !== canvas) return;
      this.#wanted.delete(streamId);
      this.#turns.forget(streamId);
      this.#wait();
    };
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const streamId = (target as HTMLElement).dataset['stream'] ?? '';
      if (isIntersecting && this.#wanted.has(streamId)) this.#turns.see(streamId);
      else this.#turns.lose(streamId);
    }
    this.#work();
    this.#wait();
  }

  /** The timer runs while something is in sight. */
  #wait(): void {
    if (this.#turns.isIdle) {
      clearInterval(this.#timer);
      this.#timer = 0;
    } else if (this.#timer === 0) this.#timer = window.setInterval(() => this.#work(), LOOK_MS);
  }

  #work(): void {
    if (document.hidden) return;
    for (;;) {
      const streamId = this.#turns.next(performance.now());
      if (streamId === undefined) return;
      const wanted = this.#wanted.get(streamId);
      const work = wanted === undefined ? Promise.resolve() : this.#refresh(wanted);
      void work.finally(() => this.#turns.done(streamId));
    }
  }

  async #refresh(wanted: Wanted): Promise<void> {
    const way = await wayFor(wanted.codec);
    if (way === 'none') {
      this.#turns.lose(wanted.streamId);
      wanted.tell('unsupported');
      return;
    }
    try {
      const told = await bring(wanted, way);
      if (told !== undefined) wanted.tell(told);
    } catch {
      // A frame that cannot be decoded, or a server that does not answer: what is shown stays, and the next turn comes.
      if (wanted.etag === undefined) wanted.tell('none');
    }
  }
}

/** Asks for the newest picture of a stream and draws it. Returns undefined when it is the one that is shown. */
async function bring(wanted: Wanted, way: Exclude<Way, 'none'>): Promise<Shown | undefined> {
  const path = `/v1/streams/${encodeURIComponent(wanted.streamId)}/keyframe`;
  const told = await askBytes(path, wanted.etag).catch((error: ApiError) => error);
  if (told instanceof ApiError) {
    // There is none, or the server does not answer: then what is shown stays.
    if (told.status !== 0) return 'none';
    throw told;
  }
  const { status, etag, bytes: flv } = told;
  if (status === 304) return undefined;
  const keyframe = readKeyframe(flv);
  if (keyframe === undefined) return 'none';
  if (way === 'decoder') await drawDecoded(wanted.canvas, keyframe);
  else await drawByElement(wanted.canvas, flv);
  if (etag !== null) wanted.etag = etag;
  return 'shown';
}

/** The one of the page. */
export const pictures = new PictureDesk();
