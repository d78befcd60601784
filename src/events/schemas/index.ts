import { type JsonSchema, named } from '../../model/shape.js';
import type { EventType } from '../event-types.js';
import { eventName } from '../subjects.js';
import { DATA_SCHEMAS } from './catalog.js';
import { nodeState, streamState } from './data.js';
import { envelopeShape } from './envelope.js';
import { JOB_EVENTS, JOB_SIGNALS, JOB_VALUES } from './jobs.js';
import { SIGNALS } from './signals.js';

export { DATA_SCHEMAS } from './catalog.js';
export { SIGNALS } from './signals.js';
/** Every event type, in the order of the contract. */
export const EVENT_TYPES = Object.keys(DATA_SCHEMAS) as EventType[];

/** Every type of the events of jobs, which runners tell. */
export const JOB_EVENT_TYPES = Object.keys(JOB_EVENTS);

/** What an event type means, and the schema of its `data`. */
function definitionOf(type: string): { readonly says: string; readonly data: JsonSchema } {
  return JOB_EVENTS[type] ?? DATA_SCHEMAS[type as EventType];
}

/** The `dataschema` of an event type: a URN that is also the `$id` of the schema of its `data`. */
export function dataSchemaId(type: string): string {
  return `urn:sluice:schema:${type}:1`;
}

/** What a model of an event type's `data` is called: `StreamTakenOver` for `io.sluice.stream.taken_over`. */
function modelName(type: string): string {
  const words = eventName(type).split(/[._]/);
  return words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
}

/** The schema of one event type's `data`, with its `$id`. @param type of a node or of jobs */
export function dataSchema(type: string): JsonSchema {
  const { says, data } = definitionOf(type);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: dataSchemaId(type),
    title: type,
    description: says,
    ...data,
  };
}

/** The schema of a whole event: the envelope with its `data`. @param type of a node or of jobs */
export function eventSchema(type: string): JsonSchema {
  const { says, data } = definitionOf(type);
  const envelope = envelopeShape(type, dataSchemaId(type), named(modelName(type), data));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:sluice:schema:event:${type}:1`,
    title: `${type} (CloudEvents envelope)`,
    description: says,
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
  ...Object.fromEntries(
    Object.entries(JOB_VALUES).map(([name, { title, says, schema }]) => [
      name,
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $id: `urn:sluice:schema:${name}:1`,
        title,
        description: says,
        ...schema,
      },
    ]),
  ),
};

/** The schemas of the signals, by file name without extension. */
export const SIGNAL_SCHEMAS: Readonly<Record<string, JsonSchema>> = Object.fromEntries(
  Object.entries({ ...SIGNALS, ...JOB_SIGNALS }).map(([name, { says, schema }]) => [
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
