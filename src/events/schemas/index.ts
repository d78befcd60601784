import { type JsonSchema, named, type Shape } from '../../model/shape.js';
import type { EventType } from '../event-types.js';
import { eventName } from '../subjects.js';
import { DATA_SCHEMAS } from './catalog.js';
import { nodeState, streamState } from './data.js';
import { envelopeShape } from './envelope.js';
import { SIGNALS } from './signals.js';

export { DATA_SCHEMAS } from './catalog.js';
export { SIGNALS } from './signals.js';
/** Every event type, in the order of the contract. */
export const EVENT_TYPES = Object.keys(DATA_SCHEMAS) as EventType[];

/** The `dataschema` of an event type: a URN that is also the `$id` of the schema of its `data`. */
export function dataSchemaId(type: EventType): string {
  return `urn:sluice:schema:${type}:1`;
}

/** What a model of an event type's `data` is called: `StreamTakenOver` for `io.sluice.stream.taken_over`. */
function modelName(type: EventType): string {
  const words = eventName(type).split(/[._]/);
  return words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
}

/** The schema of one event type's `data`, with its `$id`. */
export function dataSchema(type: EventType): JsonSchema {
  const { says, data } = DATA_SCHEMAS[type];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: dataSchemaId(type),
    title: type,
    description: says,
    ...data,
  };
}

/** The schema of a whole event: the envelope with its `data`. */
export function eventSchema(type: EventType): JsonSchema {
  const data: Shape<unknown> = DATA_SCHEMAS[type].data;
  const envelope = envelopeShape(type, dataSchemaId(type), named(modelName(type), data));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:sluice:schema:event:${type}:1`,
    title: `${type} (CloudEvents envelope)`,
    description: DATA_SCHEMAS[type].says,
    ...envelope,
  };
}

/** The schemas of the KV values, by file name without extension. */
export const STATE_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  'kv.stream-state': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:sluice:schema:kv.stream-state:1',
    title: 'StreamState',
    description: 'A value in SLUICE_STREAMS',
    ...streamState,
  },
  'kv.node-state': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:sluice:schema:kv.node-state:1',
    title: 'NodeState',
    description: 'A value in SLUICE_NODES',
    ...nodeState,
  },
};

/** The schemas of the signals, by file name without extension. */
export const SIGNAL_SCHEMAS: Readonly<Record<string, JsonSchema>> = Object.fromEntries(
  Object.entries(SIGNALS).map(([name, { says, schema }]) => [
    name,
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $id: `urn:sluice:schema:${name}:1`,
      title: name,
      description: says,
      ...schema,
    },
  ]),
);
