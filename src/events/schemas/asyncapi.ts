import type { JsonSchema } from '../../model/shape.js';
import { eventName, subjectTemplate } from '../subjects.js';
import { DATA_SCHEMAS, EVENT_TYPES, eventSchema, SIGNAL_SCHEMAS, SIGNALS, STATE_SCHEMAS } from './index.js';
import { JOB_EVENTS, JOB_SIGNALS, jobSubjectTemplate } from './jobs.js';

const PARAMETERS: Readonly<Record<string, string>> = {
  app: 'Application name, every byte outside A-Z a-z 0-9 _ - written =HH.',
  name: 'Stream name, written like the application name.',
  streamId: 'ULID of the publish session, or of the refused attempt.',
  seq: 'Number of the event in its session: 1, 2, 3 …',
  nodeId: 'Id of the installation.',
  bootId: 'ULID of the process.',
  connectionId: 'ULID of the TCP connection.',
  template: 'Name of the template of the job.',
  attempt: 'Number of the attempt at the job: 1, 2, 3 …; 0 before the first.',
  key: '`<streamId>.<template>`; `want.<app>.<name>.<template>` for a name that is wanted.',
  runnerId: 'ULID of the folder of a runner.',
};

/** A channel of the document and what goes over it. */
interface Entry {
  readonly key: string;
  readonly address: string;
  /** Name of the message. */
  readonly name: string;
  readonly says: string;
  readonly contentType: string;
  /** Whether the messages have the headers of an event. */
  readonly headers: boolean;
  readonly schema: JsonSchema;
}

function entries(): Entry[] {
  const events = EVENT_TYPES.map((type) => ({
    key: eventName(type).replace('.', '-'),
    address: subjectTemplate(type),
    name: type,
    says: DATA_SCHEMAS[type].says,
    contentType: 'application/cloudevents+json',
    headers: true,
    schema: eventSchema(type),
  }));
  const ofJobs = Object.entries(JOB_EVENTS).map(([type, { says }]) => ({
    key: eventName(type).replace('.', '-'),
    address: jobSubjectTemplate(type),
    name: type,
    says,
    contentType: 'application/cloudevents+json',
    headers: true,
    schema: eventSchema(type),
  }));
  const plain = { contentType: 'application/json', headers: false };
  const signals = Object.entries({ ...SIGNALS, ...JOB_SIGNALS }).map(([name, { address, says }]) => ({
    ...plain,
    ...{ key: name.slice('signal.'.length).replace('.', '-'), address, name, says, schema: SIGNAL_SCHEMAS[name] },
  }));
  const values = Object.entries(STATE_SCHEMAS).map(([name, schema]) => ({
    ...plain,
    ...{ key: name.replace('.', '-'), address: BUCKETS[name], name, says: String(schema['description']), schema },
  }));
  return [...events, ...ofJobs, ...signals, ...values];
}

/** Subjects of the values of each bucket. */
const BUCKETS: Readonly<Record<string, string>> = {
  'kv.stream-state': '$KV.SLUICE_STREAMS.{app}.{name}',
  'kv.node-state': '$KV.SLUICE_NODES.{nodeId}.{bootId}',
  'kv.job-record': '$KV.SLUICE_JOBS.{key}',
  'kv.runner-state': '$KV.SLUICE_RUNNERS.{runnerId}.{bootId}',
  'kv.job-template': '$KV.SLUICE_TEMPLATES.{template}',
};

/** Copies a schema so that each part with a title is a reference. The parts go into `parts` under their titles. */
function withReferences(schema: unknown, parts: Record<string, unknown>, isTop = true): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withReferences(item, parts, false));
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withReferences(value, parts, false)]),
  );
  const title = copy['title'];
  if (isTop || typeof title !== 'string') return copy;
  parts[title] = copy;
  return { $ref: `#/components/schemas/${title}` };
}

/** The AsyncAPI 3.0 document of everything that Sluice sends, made from the schemas. */
export function asyncApi(): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const messages: Record<string, object> = {};
  const schemas: Record<string, unknown> = {};
  for (const { key, address, name, says, contentType, headers, schema: whole } of entries()) {
    const parameters = [...address.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    channels[key] = {
      address,
      description: says,
      parameters: Object.fromEntries(
        parameters.map((parameter) => [parameter, { description: PARAMETERS[parameter] }]),
      ),
      messages: { [key]: { $ref: `#/components/messages/${key}` } },
    };
    operations[`send-${key}`] = {
      action: 'send',
      channel: { $ref: `#/channels/${key}` },
      messages: [{ $ref: `#/channels/${key}/messages/${key}` }],
    };
    messages[key] = {
      name,
      title: name,
      summary: says,
      contentType,
      ...(headers ? { headers: { $ref: '#/components/schemas/headers' } } : {}),
      payload: {
        schemaFormat: 'application/schema+json;version=draft-07',
        schema: { $ref: `#/components/schemas/${key}` },
      },
    };
    const { $schema: _dialect, $id: _id, ...schema } = whole;
    schemas[key] = withReferences(schema, schemas);
  }
  schemas['headers'] = {
    type: 'object',
    properties: {
      'Nats-Msg-Id': { type: 'string', description: 'The event id.' },
      'Nats-Expected-Last-Subject-Sequence': { const: '0' },
      'content-type': { const: 'application/cloudevents+json' },
      'ce-type': { type: 'string', description: 'The event type.' },
    },
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sluice events',
      version: '1.0.0',
      description:
        'Stream lifecycle of an RTMP server as CloudEvents 1.0 (structured JSON) in the JetStream stream SLUICE_EVENTS, its live state in two buckets, and signals that nobody keeps. Runners of jobs tell theirs in SLUICE_JOB_EVENTS.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/cloudevents+json',
    servers: { nats: { host: '{host}', protocol: 'nats', variables: { host: { default: '127.0.0.1:4222' } } } },
    channels,
    operations,
    components: { messages, schemas },
  };
}
