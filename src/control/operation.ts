import type { z } from '../core/zod.js';
import type { ApiRoute, Scope } from '../model/api-route.js';

/**
 * Where an operation is asked for over NATS. `stream`: `<prefix>.ctl.s.<streamId>.<verb>`, answered by the node that
 * has the stream; `all`: `<prefix>.ctl.all.<verb>`, answered by every node; `node`: `<prefix>.ctl.n.<nodeId>.<verb>`.
 */
export type Level = 'stream' | 'all' | 'node';

/** A route of HTTP that asks for an operation. */
export interface HttpRoute {
  readonly method: ApiRoute['method'];
  /** As fastify writes it. Its parameters are members of the input; the others come from the query, or the body. */
  readonly path: string;
  /** The whole body is this member of the input. */
  readonly bodyMember?: string;
  /** The value of the header `If-Match` is this member of the input. */
  readonly ifMatchMember?: string;
  /** This member of the answer is sent as `ETag`. */
  readonly etagMember?: string;
}

/** One thing that can be asked of a node, over HTTP, NATS and the command line alike. */
export interface Operation {
  /** One sentence. */
  readonly says: string;
  readonly levels: readonly Level[];
  readonly scope: Scope;
  /** Whether it changes something: then it is idempotent by request id and told in `node.command`. */
  readonly mutates: boolean;
  readonly http: readonly HttpRoute[];
  /** Members that a path or a subject names. */
  readonly params: z.ZodRawShape;
  /** The other members of the input. Over NATS they are the body. */
  readonly body: z.ZodRawShape;
  /** What it answers: at least `ok: true`. A refusal is a `Problem` instead. */
  readonly answer: z.ZodObject;
  /** A whole input that is valid. Ids in it are examples. */
  readonly example: Readonly<Record<string, unknown>>;
}
