import type { EventType } from '../event-types.js';
import { DATA_SCHEMAS, EVENT_TYPES, eventSchema } from './index.js';

/** The channel (subject) of an event type, with AsyncAPI parameters for the tokens that vary. */
function address(type: EventType): string {
  const verb = type.slice('io.sluice.'.length);
  if (verb.startsWith('node.')) return `sluice.v1.node.{nodeId}.{bootId}.${verb.slice('node.'.length)}`;
  return `sluice.v1.evt.{app}.{name}.{streamId}.${verb}.${verb === 'stream.ended' ? 'end' : '{seq}'}`;
}

const PARAMETERS: Readonly<Record<string, string>> = {
  app: 'Application name, every byte outside A-Z a-z 0-9 _ - written =HH.',
  name: 'Stream name, written like the application name.',
  streamId: 'ULID of the publish session, or of the refused attempt.',
  seq: 'Number of the event in its session: 1, 2, 3 …',
  nodeId: 'Id of the installation.',
  bootId: 'ULID of the process.',
};

/** The AsyncAPI 3.0 document of everything that Sluice sends to JetStream, made from the schemas. */
export function asyncApi(): object {
  const channels: Record<string, object> = {};
  const operations: Record<string, object> = {};
  const messages: Record<string, object> = {};
  const schemas: Record<string, object> = {};
  for (const type of EVENT_TYPES) {
    const key = type.slice('io.sluice.'.length).replace('.', '-');
    const subject = address(type);
    const names = [...subject.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    channels[key] = {
      address: subject,
      description: DATA_SCHEMAS[type].says,
      parameters: Object.fromEntries(names.map((name) => [name, { description: PARAMETERS[name] }])),
      messages: { [key]: { $ref: `#/components/messages/${key}` } },
    };
    operations[`send-${key}`] = {
      action: 'send',
      channel: { $ref: `#/channels/${key}` },
      messages: [{ $ref: `#/channels/${key}/messages/${key}` }],
    };
    messages[key] = {
      name: type,
      title: type,
      summary: DATA_SCHEMAS[type].says,
      contentType: 'application/cloudevents+json',
      headers: { $ref: '#/components/schemas/headers' },
      payload: {
        schemaFormat: 'application/schema+json;version=draft-07',
        schema: { $ref: `#/components/schemas/${key}` },
      },
    };
    const { $schema: _dialect, $id: _id, ...schema } = eventSchema(type);
    schemas[key] = schema;
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
        'Stream lifecycle of an RTMP server as CloudEvents 1.0 (structured JSON) in the JetStream stream SLUICE_EVENTS.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/cloudevents+json',
    servers: { nats: { host: '{host}', protocol: 'nats', variables: { host: { default: '127.0.0.1:4222' } } } },
    channels,
    operations,
    components: { messages, schemas },
  };
}
