/** Something of a trace that is over, as it is sent. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits, for a span that others name as their parent; missing: any. */
  readonly spanId?: string;
  /** Missing: it is the root of its trace. */
  readonly parentId?: string;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it counts as failed, in a word or a code. */
  readonly error?: string | undefined;
}

/** What is told of a span. No value is a secret, and each is bounded as in events. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A decision on a connect or a publish. */
export interface Decided {
  readonly connectionId: string;
  readonly action: 'connect' | 'publish';
  readonly startMs: number;
  readonly endMs: number;
  readonly decision: string;
  /** Of a refusal. */
  readonly code?: string;
  readonly responder?: string;
}
