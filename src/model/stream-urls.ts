import { named, object, type Shape, type TypeOf } from './shape.js';

/**
 * Longest URL in an event, in characters: one of names of 512 plain characters each, or of 200 bytes each that are all
 * written %HH.
 */
export const MAX_URL = 1536;

const url: Shape<string> = { type: 'string', format: 'uri', maxLength: MAX_URL };

const urls = named('StreamUrls', object({ rtmp: url }, { rtmps: url }));

/** Where a stream can be fetched: a URL for each door that this node has, without keys and tokens. */
export interface StreamUrls extends TypeOf<typeof urls> {}

/** The shape of a {@link StreamUrls}. */
export const urlsShape: Shape<StreamUrls> = urls;
