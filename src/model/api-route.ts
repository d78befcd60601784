/** What a token may do: each scope includes those before it. */
export const SCOPES = ['read', 'control', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** A request to an {@link ApiRoute}, as far as HTTP has read it. */
export interface ApiRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined: no body. */
  readonly body: unknown;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the token, or `anonymous`; for the audit. */
  readonly actor: string;
}

/** An answer as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route that another part serves over HTTP. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As fastify writes it: `/v1/streams/:streamId`. */
  readonly path: string;
  readonly scope: Scope;
  /** Resolves also for what is refused; rejects only for a defect. */
  handle(request: ApiRequest): Promise<ApiAnswer>;
}
