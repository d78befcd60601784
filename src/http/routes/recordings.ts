import { type ErrorCode, SluiceError } from '../../core/errors.js';
import { rangeOf } from '../byte-range.js';
import type { RecordingFile, RecordingFiles } from '../deps.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../fastify.js';
import { fail } from '../replies.js';

/** Codes that a file is refused with; of one that is not there the answer says nothing of what else there is. */
const REFUSED: readonly ErrorCode[] = ['ERR_MEDIA_PATH', 'ERR_MEDIA_MISSING', 'ERR_RECORDING_READERS'];
/** How long a reader may take nothing, in ms. A browser that has enough for now asks for the rest later. */
const STALL_MS = 60_000;

/** Sends recordings, and parts of them. A file that still grows has the length of the moment. */
export function addRecordings(app: FastifyInstance, files: RecordingFiles): void {
  app.route<{ Params: { '*': string } }>({
    method: ['GET', 'HEAD'],
    url: '/v1/recordings/*',
    handler: async (request, reply) => {
      let file: RecordingFile;
      try {
        file = await files.open(request.params['*']);
      } catch (error) {
        if (!(error instanceof SluiceError && REFUSED.includes(error.code))) throw error;
        const isBusy = error.code === 'ERR_RECORDING_READERS';
        return isBusy
          ? fail(reply.header('retry-after', '5'), error.code)
          : fail(reply, error.code, '', { status: 404 });
      }
      return send(file, request, reply);
    },
  });
}

async function send(file: RecordingFile, { headers, method }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { bytes, etag } = file;
  reply.headers({ etag, 'accept-ranges': 'bytes' }).type('video/x-flv');
  if (headers['if-none-match'] === etag) {
    await file.close();
    return reply.code(304).send();
  }
  // A part that another file had goes on with nothing of this one.
  const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
  const range = rangeOf(isSame ? headers.range : undefined, bytes);
  if (range === 'none') {
    await file.close();
    return fail(reply.header('content-range', `bytes */${bytes}`), 'ERR_HTTP_BAD_REQUEST', 'no such bytes', {
      status: 416,
    });
  }
  const { from, to } = range === 'whole' ? { from: 0, to: bytes - 1 } : range;
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${from}-${to}/${bytes}`);
  reply.header('content-length', to - from + 1);
  if (method === 'HEAD' || bytes === 0) {
    await file.close();
    return reply.send();
  }
  reply.raw.setTimeout(STALL_MS, () => reply.raw.destroy());
  return reply.send(file.read(from, to));
}
