import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSchemas } from '../../../../src/events/schemas/files.js';
import {
  dataSchemaId,
  EVENT_TYPES,
  JOB_EVENT_TYPES,
  SIGNAL_SCHEMAS,
  STATE_SCHEMAS,
} from '../../../../src/events/schemas/index.js';
import { tempDir } from '../../../support/temp.js';

describe('the schemas', () => {
  it('are written as files that name themselves, one of data and one of the envelope for each type', () => {
    const dir = join(tempDir('schemas'), 'deep');
    const names = writeSchemas(dir);
    expect(readdirSync(dir).sort()).toEqual([...names].sort());
    for (const type of [...EVENT_TYPES, ...JOB_EVENT_TYPES]) {
      const data = JSON.parse(readFileSync(join(dir, `${type}.json`), 'utf8')) as { $id: string; title: string };
      expect(data).toMatchObject({ $id: dataSchemaId(type), title: type });
      expect(names).toContain(`${type}.event.json`);
    }
    for (const name of ['asyncapi', ...Object.keys(STATE_SCHEMAS), ...Object.keys(SIGNAL_SCHEMAS)])
      expect(names).toContain(`${name}.json`);
  });
});
