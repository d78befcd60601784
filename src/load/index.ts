/** The load generator: many players or publishers in one process, against any RTMP server. */
export type { LoadOptions } from './options.js';
export { formatResult, formatSecond } from './report.js';
export { runLoad } from './run.js';
export { type PublishTestPictureOptions, publishTestPicture } from './test-picture/publish-test-picture.js';
