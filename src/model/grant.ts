/** What happens when a publish wants a name that is published already. */
export const CONFLICTS = ['reject', 'takeover', 'resume'] as const;

/**
 * `reject`: the newcomer is refused. `takeover`: the holder's stream ends, and a new one begins. `resume`: a newcomer
 * with the holder's principal takes its place in the same stream.
 */
export type Conflict = (typeof CONFLICTS)[number];

/** Names and values that a responder gives to a stream: at most 16, keys `[a-z0-9._-]{1,64}`, values of 256 bytes. */
export type Labels = Readonly<Record<string, string>>;

/** Bounds of a running stream or play. A missing member is no bound. */
export interface StreamLimits {
  /** Mean bit rate of the media over 5 s, in kbit/s. */
  readonly kbps?: number;
  readonly fps?: number;
  /** Pixels. */
  readonly width?: number;
  /** Pixels. */
  readonly height?: number;
  /** Prefixes of RFC 6381 codec strings, such as `avc1` and `mp4a.40`: a codec that begins with none is too much. */
  readonly codecs?: readonly string[];
  readonly maxGopMs?: number;
  readonly tracks?: number;
  /** Time since the start of the stream, over resumes, in ms. */
  readonly durationMs?: number;
  /** Players of this stream on this node. */
  readonly maxPlayers?: number;
  /** Publishes, or plays, of one principal that run on this node at once. */
  readonly sessions?: number;
  /** What happens past a bound: the stream ends (default), or it is only told in `stream.updated`. */
  readonly action?: 'end' | 'warn';
}

/** What an accepted request may do, and for how long. */
export interface Grant {
  /** The name that the stream gets instead of the requested one; undefined: as requested. */
  readonly name?: string;
  /** Who it is, as a responder named it; undefined: nobody said. At most 256 bytes; no secret. */
  readonly principal?: string;
  readonly labels: Labels;
  /** What becomes of a holder of the name; admission fills in `publish.conflict` where a reply says nothing. */
  readonly conflict: Conflict;
  /** 0 … 3,600,000; undefined: `publish.resumeWindowMs`. */
  readonly resumeWindowMs?: number;
  /** 0 … 3,600,000; undefined: `play.lingerMs`. */
  readonly lingerMs?: number;
  /** The question is asked again before so many ms are over; undefined: never. */
  readonly ttlMs?: number;
  /** What happens when the ttl is over and nobody answers, or for `exp` of a token: the stream ends. */
  readonly limits: StreamLimits;
  /** Of the key or token that the client gave, its value alone; undefined: none. */
  readonly keyFingerprint?: string;
  /** Nothing that the client gave was checked, so many may share the principal: it resumes no open connection. */
  readonly isAnonymous?: boolean;
  /** Allowed only since nobody could be asked, and `auth.onUnavailable` says so. */
  readonly isUnauthenticated?: boolean;
}
