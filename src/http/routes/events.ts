import type { HttpDeps } from '../deps.js';
import { feedOfStream, findStart } from '../event-feed.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../fastify.js';
import type { Followers } from '../followers.js';
import { fail } from '../replies.js';
import { type FollowerEnd, SseClient } from '../sse-client.js';

/** Events as they happen, as server-sent events. */
export function addEvents(app: FastifyInstance, deps: HttpDeps, followers: Followers): void {
  // HEAD would open a stream that is never read.
  app.get('/v1/events', { exposeHeadRoute: false }, (request, reply) => follow(deps, followers, request, reply));
}

function follow(deps: HttpDeps, followers: Followers, request: FastifyRequest, reply: FastifyReply): unknown {
  const { options, events, clock, log } = deps;
  if (!followers.hasRoom) {
    return fail(reply.header('retry-after', '5'), 'ERR_HTTP_FOLLOWERS', `${options.maxEventClients}`);
  }
  const header = request.headers['last-event-id'];
  const { since, streamId } = request.query as { since?: string | string[]; streamId?: string | string[] };
  const start = findStart(oneOf(header), oneOf(since), clock.wallMs());
  if (start === undefined) {
    return fail(reply, 'ERR_HTTP_BAD_REQUEST', 'since is not a duration such as 1h, a time, or all');
  }
  reply.hijack();
  const limits = { maxPendingBytes: options.eventClientBytes, keepAliveMs: options.eventKeepAliveMs };
  const ended = (end: FollowerEnd) => {
    if (end === 'too_slow' || end === 'failed')
      log.warn({ peer: request.ip, end }, 'a follower of the events was cut off');
  };
  const wanted = oneOf(streamId);
  const feed = wanted === undefined ? events : feedOfStream(events, wanted);
  const stream = new SseClient(feed, reply.raw, start, limits, ended);
  followers.add(stream);
  return reply;
}

/** The first of what may have been sent several times. */
function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
