import type { ErrorCode } from '../core/errors.js';
import type { StreamLimits } from '../model/grant.js';
import type { Track } from '../model/track.js';
import type { StreamSample } from './access.js';
import { LimitCheck, ofTracks } from './limit-check.js';

/** What happens when a stream is past a limit. */
interface LimitActions {
  readonly end: (code: ErrorCode, text: string) => void;
  /** It is only told: `action` of the limits is `warn`. */
  readonly warn: (code: ErrorCode, text: string) => void;
}

/** Holds one stream to its limits. A limit that only warns is told once for each time that its stream goes past it. */
export class LimitWatch {
  readonly #check: LimitCheck;
  readonly #actions: LimitActions;
  /** What was warned of, and still is so. */
  #warned: ErrorCode | undefined;

  /** @param startedMs monotonic time at which the stream began */
  constructor(limits: StreamLimits, startedMs: number, actions: LimitActions) {
    this.#check = new LimitCheck(limits, startedMs);
    this.#actions = actions;
  }

  set limits(limits: StreamLimits) {
    this.#check.limits = limits;
  }

  sampled(sample: StreamSample): void {
    this.#act(this.#check.ofSample(sample));
  }

  /** Its tracks are known, or others now. */
  shown(tracks: readonly Track[]): void {
    const excess = ofTracks(this.#check.limits, tracks);
    if (excess !== undefined) this.#act(excess);
  }

  /** The byte side keeps media of this codec from the players. */
  codecRefused(codec: string): void {
    const allowed = this.#check.limits.codecs?.join(', ');
    this.#actions.end('ERR_LIMIT_CODEC', `${codec}; ${allowed || 'none'} are allowed`);
  }

  #act(excess: { readonly code: ErrorCode; readonly text: string } | undefined): void {
    if (excess === undefined) this.#warned = undefined;
    else if (this.#check.limits.action !== 'warn') this.#actions.end(excess.code, excess.text);
    else if (this.#warned !== excess.code) {
      this.#warned = excess.code;
      this.#actions.warn(excess.code, excess.text);
    }
  }
}

/** What the byte side does about the limits of a stream. */
interface ByteLimits {
  /** The codecs that it lets through to players: the limit of a stream that ends when it is past it. */
  readonly codecs: readonly string[] | undefined;
  /** Whether it tells more often what it has counted. */
  readonly isMetered: boolean;
}

/** What the byte side has to know of the limits of a stream. */
export function byteLimits({ codecs, action, kbps, fps }: StreamLimits): ByteLimits {
  return { codecs: action === 'warn' ? undefined : codecs, isMetered: kbps !== undefined || fps !== undefined };
}
