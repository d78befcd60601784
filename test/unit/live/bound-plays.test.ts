import { expect, it } from 'vitest';
import { BoundPlays } from '../../../src/live/bound-plays.js';

it('others are the plays of the same job with another ticket than the ones with this one', () => {
  const plays = new BoundPlays<{
    playId: string;
    ticket: { streamId: string; template: string; token: number } | undefined;
    boundTo: string;
  }>();
  const add = (template: string, token: number): void => {
    const ticket = { streamId: 's', template, token };
    plays.add('s', { playId: `${template}${token}`, ticket, boundTo: 's' });
  };
  for (const token of [1, 5, 9]) add('record', token);
  add('other', 1);
  plays.add('s', { playId: 'node', ticket: undefined, boundTo: 's' });
  const found = plays.others({ streamId: 's', template: 'record', token: 5 });
  expect(found.map(({ playId }) => playId)).toEqual(['record1', 'record9']);
  const own = plays.with({ streamId: 's', template: 'record', token: 5 });
  expect(own.map(({ playId }) => playId)).toEqual(['record5']);
});
