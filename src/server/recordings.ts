import { SluiceError } from '../core/errors.js';
import { problemOf } from '../core/problem.js';
import type { RecordingFile, RecordingFiles } from '../http/deps.js';
import type { ApiRoute } from '../model/api-route.js';
import type { RecordingList } from '../recording/recording-list.js';

/** Recordings of one answer, unless it is asked for fewer or more. */
const USUAL = 50;
/** Most recordings of one answer: each is opened for its length. */
const MOST = 200;

/** `GET /v1/recordings`: what is recorded, the newest first. */
export function recordingsRoute(list: Pick<RecordingList, 'list'>): ApiRoute {
  return {
    ...{ method: 'GET', path: '/v1/recordings', scope: 'read' },
    handle: async ({ query }) => {
      const { limit = String(USUAL), cursor, app, name } = query;
      if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MOST) {
        const errors = [{ pointer: '/limit', expected: `1 to ${MOST}`, got: 'something else' }];
        const problem = problemOf('ERR_CTL_BAD_REQUEST', `/limit: 1 to ${MOST} was expected`, { errors });
        return { status: problem.status, body: problem };
      }
      const page = await list.list({ limit: Number(limit), cursor, app, name });
      return { status: 200, body: { ok: true, ...page } };
    },
  };
}

/**
 * Most files that are read at a time: each takes a descriptor for as long as its reader likes, and one connection may
 * ask for hundreds at once.
 */
const MOST_OPEN = 64;

/** The files of recordings, as HTTP sends them. */
export function recordingFiles(list: Pick<RecordingList, 'open'>): RecordingFiles {
  let openFiles = 0;
  return {
    open: async (path): Promise<RecordingFile> => {
      if (openFiles >= MOST_OPEN) throw new SluiceError('ERR_RECORDING_READERS');
      openFiles++;
      const closed = (): void => {
        openFiles--;
      };
      const handle = await list.open(path).catch((error: unknown) => {
        closed();
        throw error;
      });
      const close = () => handle.close().finally(closed);
      try {
        const { size, mtimeMs, ino } = await handle.stat();
        return {
          bytes: size,
          etag: `"${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
          read: (from, to) => handle.createReadStream({ start: from, end: to }).once('close', closed),
          close,
        };
      } catch (error) {
        await close();
        throw error;
      }
    },
  };
}
