import { TRANSPORT_NAMES } from '../../model/peer.js';
import { END_REASONS } from '../../model/reasons.js';
import { MAX_URL } from '../clip.js';

/** A JSON Schema (draft 2020-12 vocabulary that draft 7 shares) as a plain constant. */
export type JsonSchema = { readonly [key: string]: unknown };

const text = (maxLength = 512): JsonSchema => ({ type: 'string', maxLength });
const count: JsonSchema = { type: 'integer', minimum: 0 };
const milliseconds: JsonSchema = { type: 'number', minimum: 0 };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const ulid: JsonSchema = { type: 'string', pattern: '^[0-9A-HJKMNP-TV-Z]{26}$' };

/** The shapes that several schemas share. */
export const shapes = {
  text,
  count,
  milliseconds,
  time,
  ulid,
  /** Ten digits are written; events of the first versions hold a number and stay valid. */
  sequence: {
    anyOf: [
      { type: 'string', pattern: '^(?!0+$)[0-9]{10,}$' },
      { type: 'integer', minimum: 1 },
    ],
  } as JsonSchema,
  peer: named('Peer', object({ address: text(64), port: { type: 'integer', minimum: 0, maximum: 65535 } })),
  labels: named('Labels', { type: 'object', additionalProperties: text(256), maxProperties: 32 }),
  transport: named('TransportName', { enum: [...TRANSPORT_NAMES] }),
  metadata: named(
    'StreamMetadata',
    object(
      {},
      {
        encoder: text(),
        width: count,
        height: count,
        fps: { type: 'number', minimum: 0 },
        videoKbps: { type: 'number', minimum: 0 },
        sampleRate: { type: 'number', minimum: 0 },
        channels: count,
        audioKbps: { type: 'number', minimum: 0 },
      },
    ),
  ),
  urls: named('StreamUrls', object({ rtmp: { type: 'string', format: 'uri', maxLength: MAX_URL } })),
  endReason: named('EndReason', { enum: [...END_REASONS] }),
  tracks: {
    type: 'array',
    maxItems: 64,
    items: named(
      'Track',
      object(
        { id: count, kind: { enum: ['audio', 'video'] }, codec: text(64) },
        {
          width: count,
          height: count,
          fps: { type: 'number', minimum: 0 },
          declaredFps: { type: 'number', minimum: 0 },
          sampleRate: { type: 'number', minimum: 0 },
          channels: count,
          kbps: { type: 'number', minimum: 0 },
          declaredKbps: { type: 'number', minimum: 0 },
        },
      ),
    ),
  } as JsonSchema,
};

/** The members that name a stream and the node that carries it. */
export const streamRef: Readonly<Record<string, JsonSchema>> = {
  streamId: ulid,
  app: text(),
  name: text(),
  connectionId: text(64),
  nodeId: text(128),
  bootId: ulid,
};

/**
 * An object schema. Unknown members stay allowed, so that a consumer built on an older schema accepts events of a newer server.
 *
 * @param required members that must be there
 * @param optional members that may be there
 */
export function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required) };
}

/** A part that several schemas share, under a name of its own: what generated models call it. */
export function named(title: string, schema: JsonSchema): JsonSchema {
  return { title, ...schema };
}
