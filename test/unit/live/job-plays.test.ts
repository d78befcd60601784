import { expect, it } from 'vitest';
import { JobPlays } from '../../../src/live/job-plays.js';

it('others are the plays of the same job with another ticket, whichever token is higher', () => {
  const plays = new JobPlays<{ playId: string; ticket: { streamId: string; template: string; token: number } }>();
  const add = (template: string, token: number): void => {
    const ticket = { streamId: 's', template, token };
    plays.add(ticket, { playId: `${template}${token}`, ticket });
  };
  for (const token of [1, 5, 9]) add('record', token);
  add('other', 1);
  const found = plays.others({ streamId: 's', template: 'record', token: 5 });
  expect(found.map(({ playId }) => playId)).toEqual(['record1', 'record9']);
});
