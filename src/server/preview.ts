import { problemOf } from '../core/problem.js';
import type { LiveStreams } from '../live/live-streams.js';
import { PREVIEW_MARK } from '../live/previews.js';
import type { ApiRoute } from '../model/api-route.js';

/**
 * `POST /v1/streams/:streamId/preview`: where the page can play a stream once, beginning within half a minute, whatever
 * admission says of players. The path is a secret until it was used.
 *
 * @param isFlvOn `httpFlv.enabled`
 */
export function previewRoute({ commands, jobs }: Pick<LiveStreams, 'commands' | 'jobs'>, isFlvOn: boolean): ApiRoute {
  return {
    ...{ method: 'POST', path: '/v1/streams/:streamId/preview', scope: 'read' },
    handle: async ({ params: { streamId = '' }, actor }) => {
      const stream = commands.stream(streamId);
      const code = isFlvOn ? 'ERR_CTL_STREAM_UNKNOWN' : 'ERR_PREVIEW_OFF';
      if (stream === undefined || !isFlvOn) {
        const problem = problemOf(code, streamId);
        return { status: problem.status, body: problem };
      }
      // Without an app the name stands alone: behind two slashes it would be another server's.
      const parts = [...stream.app.split('/'), stream.name].filter((part) => part !== '');
      const named = parts.map(encodeURIComponent).join('/');
      const path = `/${named}.flv?${PREVIEW_MARK}${jobs.previews.issue(streamId, actor)}`;
      return { status: 200, body: { ok: true, path } };
    },
  };
}
