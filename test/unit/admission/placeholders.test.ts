import { expect, it } from 'vitest';
import { isPlaceholder } from '../../../src/admission/placeholders.js';

it('placeholders are known in every spelling, and real keys are not taken for one', () => {
  for (const key of [
    'changeme',
    'Change-Me',
    'CHANGE_ME!',
    'your stream key',
    '12345678',
    'xxxxxxxxxxxxxxxxxxxx',
    'secret',
  ])
    expect([key, isPlaceholder(key)]).toEqual([key, true]);
  for (const key of ['', 'correct-horse-battery', 'changeme-7f3a', 'sk_live_1'])
    expect([key, isPlaceholder(key)]).toEqual([key, false]);
});
