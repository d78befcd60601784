import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../src/control/operation.js';
import { isVerb, OPERATIONS, type Verb } from '../../../src/control/operations.js';
import { checkInput } from '../../../src/control/validate.js';
import { read } from '../../support/policy/sources.js';

const all: [string, Operation][] = Object.entries(OPERATIONS);

describe('the table of operations', () => {
  it('has every operation with its paths and its scope in docs/control.md', () => {
    const rows = read('docs/control.md').split('\n');
    for (const [verb, { http, levels, scope, says }] of all) {
      const paths = http.map(({ method, path }) => `\`${method} ${path.replace(/:(\w+)/g, '{$1}')}\``).join('<br>');
      expect(rows).toContain(`| \`${verb}\` | ${paths} | ${levels.join(', ')} | ${scope} | ${says} |`);
    }
  });

  it('has an example of each that is accepted', () => {
    for (const [verb, { example }] of all)
      expect([verb, checkInput(verb as Verb, example)]).toMatchObject([verb, { input: {} }]);
  });

  it('lets nobody change anything who may only read', () => {
    expect(all.filter(([, { scope, mutates }]) => mutates && scope === 'read')).toEqual([]);
    expect(all.filter(([, { http, mutates }]) => mutates && http.some(({ method }) => method === 'GET'))).toEqual([]);
  });

  it('knows its verbs, and nothing that only looks like one', () => {
    expect(isVerb('streams.kick')).toBe(true);
    for (const none of ['', 'toString', '__proto__', 'Kick']) expect(isVerb(none)).toBe(false);
  });
});
