import { describe, expect, it } from 'vitest';
import { FIRST_PLAY_MS, JobTickets } from '../../../src/live/job-tickets.js';
import { seeded } from '../../support/random.js';

const of = (token: number, template = 'record', streamId = 's1') => ({ streamId, template, token });

/** Each row: what is done at which time, and what comes of it; undefined of a use: it plays. */
const ROWS: readonly (readonly [
  string,
  readonly (readonly ['issue' | 'use', number, number, string | undefined])[],
])[] = [
  ['nothing is known of a ticket that was not issued here', [['use', 5, 0, 'ERR_JOB_FENCED']]],
  [
    'a ticket may be used several times',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, 1, undefined],
      ['use', 5, 2, undefined],
    ],
  ],
  [
    'the first use may come at the last moment',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, FIRST_PLAY_MS, undefined],
    ],
  ],
  [
    'the first use must not come later',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, FIRST_PLAY_MS + 1, 'ERR_JOB_TICKET_EXPIRED'],
    ],
  ],
  [
    'a ticket that was used has no time any more',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, 1, undefined],
      ['use', 5, 9 * FIRST_PLAY_MS, undefined],
    ],
  ],
  [
    'the same token is issued again, with new time',
    [
      ['issue', 5, 0, 'issued'],
      ['issue', 5, FIRST_PLAY_MS, 'issued'],
      ['use', 5, 2 * FIRST_PLAY_MS, undefined],
    ],
  ],
  [
    'a higher token fences the lower one',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, 1, undefined],
      ['issue', 6, 2, 'issued'],
      ['use', 5, 3, 'ERR_JOB_FENCED'],
      ['use', 6, 4, undefined],
    ],
  ],
  [
    'a lower token is not issued, and changes nothing',
    [
      ['issue', 6, 0, 'issued'],
      ['issue', 5, 1, 'fenced'],
      ['use', 5, 2, 'ERR_JOB_FENCED'],
      ['use', 6, 3, undefined],
    ],
  ],
  [
    'a higher token has not been played because a lower one has',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 5, 1, undefined],
      ['issue', 6, 2, 'issued'],
      ['use', 6, FIRST_PLAY_MS + 3, 'ERR_JOB_TICKET_EXPIRED'],
    ],
  ],
  [
    'a higher token than the highest was never issued',
    [
      ['issue', 5, 0, 'issued'],
      ['use', 6, 1, 'ERR_JOB_FENCED'],
    ],
  ],
];

describe('tickets of jobs', () => {
  it.each(ROWS)('%s', (_, steps) => {
    const tickets = new JobTickets();
    for (const [act, token, atMs, result] of steps)
      expect([act, token, atMs, tickets[act](of(token), atMs)]).toEqual([act, token, atMs, result]);
  });

  it('of one template or stream are nothing to another', () => {
    const tickets = new JobTickets();
    tickets.issue(of(9), 0);
    expect(tickets.issue(of(1, 'thumbs'), 0)).toBe('issued');
    expect(tickets.issue(of(1, 'record', 's2'), 0)).toBe('issued');
    expect(tickets.use(of(1, 'thumbs'), 0)).toBeUndefined();
    expect(tickets.use(of(1, 'record', 's2'), 0)).toBeUndefined();
  });

  it('are worth nothing once the stream has ended, and take no room', () => {
    const tickets = new JobTickets();
    tickets.issue(of(9), 0);
    tickets.issue(of(1, 'record', 's2'), 0);
    tickets.streamEnded('s1');
    expect(tickets.use(of(9), 1)).toBe('ERR_JOB_FENCED');
    expect(tickets.use(of(1, 'record', 's2'), 1)).toBeUndefined();
  });

  it('are issued for 64 templates of a stream at most; those that have some may get more', () => {
    const tickets = new JobTickets();
    for (let i = 0; i < 64; i++) expect(tickets.issue(of(1, `t${i}`), 0)).toBe('issued');
    expect(tickets.issue(of(1, 'one-more'), 0)).toBe('full');
    expect(tickets.issue(of(2, 't0'), 0)).toBe('issued');
    expect(tickets.issue(of(1, 'one-more', 's2'), 0)).toBe('issued');
  });

  it('let one run of a job play at a time, in whatever order runs ask and play', () => {
    const random = seeded(77);
    const below = (most: number) => Math.floor(random() * most);
    const tickets = new JobTickets();
    let highest = 0;
    let played = 0;
    for (let i = 0; i < 5000; i++) {
      const token = Math.max(1, highest - 2 + below(4));
      if (below(2) === 0) {
        const result = tickets.issue(of(token), i);
        expect(result).toBe(token < highest ? 'fenced' : 'issued');
        highest = Math.max(highest, token);
      } else if (tickets.use(of(token), i) === undefined) {
        played++;
        expect(token).toBe(highest);
      }
    }
    expect(played).toBeGreaterThan(10);
  });
});

it('a lower token fences a higher one where tokens are counted anew', () => {
  const tickets = new JobTickets();
  const ticket = (token: number) => ({ streamId: 's', template: 'record', token });
  expect(tickets.issue(ticket(900), 0)).toBe('issued');
  expect(tickets.issue(ticket(2), 1)).toBe('fenced');
  expect(tickets.issue(ticket(2), 2, true)).toBe('issued');
  expect([tickets.use(ticket(900), 3), tickets.use(ticket(2), 4)]).toEqual(['ERR_JOB_FENCED', undefined]);
});
