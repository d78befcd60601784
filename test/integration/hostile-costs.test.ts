import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../../bench/hostile/stage.js';
import { figures, judgeCounts } from '../../bench/hostile/verdicts.js';

const GOOD_PLAYERS = 5;
const SECONDS = 6;
const ATTACKS = [
  'fat-headers',
  'small-headers',
  'metadata',
  'data-messages',
  'empty-frames',
  'one-byte-chunks',
  'stalled-players',
  'play-cycles',
  'publish-cycles',
  'refused-names',
  'connection-flood',
  'connect-churn',
  'slow-handshakes',
  'idle-sockets',
  'ack-flood',
  'unknown-event-ids',
  'whole-history',
  'scrapes',
  'silent-http',
];

/** `npm run bench:hostile` in short: what attacks cost that does not depend on how fast the machine is. */
describe('a server under attack from one address', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(GOOD_PLAYERS, false);
  });
  afterAll(() => stage.close());

  it.each(ATTACKS)('loses no good player to %s, accounts for its memory, and tells little of it', async (name) => {
    const attack = stage.attack([name], SECONDS);
    const phase = await stage.phase(SECONDS, attack);
    await attack;
    const missed = judgeCounts(name, figures(phase)).filter((verdict) => !verdict.pass);
    expect(missed).toEqual([]);
  });
});
