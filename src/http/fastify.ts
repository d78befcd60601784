import type { Scope } from '../model/api-route.js';
import type { Identity } from './tokens.js';

// The one file that imports the package, and what requests and routes carry besides.
export {
  default as fastify,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must allow; `open`: none is needed. */
    readonly access?: Scope | 'open';
    /** Whether the route has a file of the page, to which other sites may link. */
    readonly isPage?: boolean;
    /** Whether the route is one of {@link file://../model/api-route.ts}. */
    readonly isApi?: boolean;
  }
  interface FastifyRequest {
    /** Who asks: the name of a token, `anonymous` while there are no tokens; undefined: no token was sent. */
    actor: string | undefined;
    /** Whose token it is, or whose session; undefined: nobody's. */
    identity: Identity | undefined;
  }
}
