import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApi } from './asyncapi.js';
import { dataSchema, EVENT_TYPES, eventSchema, JOB_EVENT_TYPES, SIGNAL_SCHEMAS, STATE_SCHEMAS } from './index.js';

/**
 * Writes every schema as a file: `<type>.json` for `data`, `<type>.event.json` for the whole event, the KV values, the
 * signals, and `asyncapi.json`.
 *
 * @param dir made when missing
 * @returns the names written
 */
export function writeSchemas(dir: string): string[] {
  mkdirSync(dir, { recursive: true });
  const files = new Map<string, unknown>([['asyncapi.json', asyncApi()]]);
  for (const type of [...EVENT_TYPES, ...JOB_EVENT_TYPES]) {
    files.set(`${type}.json`, dataSchema(type));
    files.set(`${type}.event.json`, eventSchema(type));
  }
  for (const [name, schema] of Object.entries({ ...STATE_SCHEMAS, ...SIGNAL_SCHEMAS }))
    files.set(`${name}.json`, schema);
  for (const [name, content] of files) writeFileSync(join(dir, name), `${JSON.stringify(content, null, 2)}\n`);
  return [...files.keys()];
}
