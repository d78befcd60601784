import { expect, it } from 'vitest';
import { RelayedAudience } from '../../../src/live/relayed-audience.js';

it('the audience of other nodes is what each has told last, while it plays', () => {
  const audience = new RelayedAudience();
  audience.tell('nobody', 7);
  expect([audience.size, audience.players]).toEqual([0, 0]);
  audience.add('a');
  audience.add('b');
  audience.tell('a', 3);
  audience.tell('b', 5);
  audience.tell('a', 2);
  expect([audience.size, audience.players]).toEqual([2, 7]);
  audience.remove('b');
  audience.remove('b');
  expect([audience.size, audience.players]).toEqual([1, 2]);
});
