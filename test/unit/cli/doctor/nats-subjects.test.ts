import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { neededSubjects } from '../../../../src/cli/doctor/nats-subjects.js';
import { resolveConfig } from '../../../../src/config/load.js';
import { repository } from '../../../support/repository.js';

describe('neededSubjects', () => {
  it('are allowed by the permissions that the documents give', () => {
    const text = readFileSync(join(repository(), 'examples/nats-permissions.conf'), 'utf8');
    const secret = 'at-least-16-bytes-of-secret';
    const { publish, subscribe } = neededSubjects(resolveConfig({ cluster: { enabled: true, secret } }));
    const listed = (name: string): string => new RegExp(`${name}: \\[(.*?)\\]`, 's').exec(text)![1]!;
    expect(publish.filter((subject) => !listed('publish').includes(`"${subject}"`))).toEqual([]);
    expect(subscribe.filter((subject) => !listed('subscribe').includes(`"${subject}"`))).toEqual([]);
  });

  it('are fewer without a cluster, and follow the prefix', () => {
    const { publish, subscribe } = neededSubjects(resolveConfig({ events: { prefix: 'studio' } }));
    expect(publish).toContain('studio.>');
    expect([...publish, ...subscribe].filter((subject) => /OWNERS|ring|reg/.test(subject))).toEqual([]);
  });
});
