import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { eventSchema, JOB_EVENT_TYPES, SIGNAL_SCHEMAS, STATE_SCHEMAS } from '../../src/events/schemas/index.js';

// CommonJS with a `default` member, as in src/events/validate.ts.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false });
addFormats(ajv);

/**
 * What is wrong with a value of a bucket (`kv.…`), a signal (`signal.…`) or an event of jobs (its type), by its schema;
 * empty when nothing is.
 */
export function schemaProblems(name: string, value: unknown): string[] {
  const schema = JOB_EVENT_TYPES.includes(name) ? eventSchema(name) : { ...STATE_SCHEMAS, ...SIGNAL_SCHEMAS }[name];
  if (schema === undefined) return [`${name} has no schema`];
  const check = ajv.getSchema(String(schema['$id'])) ?? ajv.compile(schema);
  if (check(value) === true) return [];
  return (check.errors ?? []).map((error) => `${error.instancePath}: ${error.message ?? error.keyword}`);
}

/** Name of the schema of a signal that was sent to `<prefix>.<tokens…>`. */
export function signalSchema(tokens: readonly string[]): string {
  const verb = tokens[0] === 'tel' ? [] : [tokens[tokens.length - 1]];
  return ['signal', tokens[0], ...verb].join('.');
}
