/** The load generator: many players or publishers in one process, against any RTMP server. */
export type { LoadOptions } from './options.js';
export { type DelayReport, formatResult, formatSecond, type LoadResult, type LoadSecond } from './report.js';
export { runLoad } from './run.js';
export { DEFAULT_KBPS } from './synthetic.js';
