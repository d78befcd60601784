/** The client library: publish a file, play a stream, or hold a connection yourself. */
export { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
export { readFlvFile } from '../flv/flv-file.js';
export { type FlvTag, FlvTagType } from '../flv/flv-format.js';
export * from './events/index.js';
export type { Job, JobHandler, JobProgress, JobStream, JobWorker, JobWorkerOptions } from './jobs/options.js';
export { jobs } from './jobs/worker.js';
export type { MediaTag } from './media-reader.js';
export { type PlayEnd, type PlayProgress, type PlayResult, type PlayToOptions, playTo } from './play-to.js';
export { type PublishFileOptions, type PublishProgress, publishFile } from './publish-file.js';
export { type DataTag, RtmpConnection, type RtmpConnectionOptions, type StreamEnd } from './rtmp-connection.js';
export { parseRtmpUrl, type RtmpUrl } from './rtmp-url.js';
export { SharedObject, type SharedObjectEvents, type SharedObjectOptions } from './shared-object.js';
