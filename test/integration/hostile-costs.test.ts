import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackedServer } from '../../bench/hostile/attacked-server.js';
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
  let server: AttackedServer;
  beforeAll(async () => {
    server = await AttackedServer.open(GOOD_PLAYERS, false);
  });
  afterAll(() => server.close());

  it.each(ATTACKS)('loses no good player to %s, accounts for its memory, and tells little of it', async (name) => {
    const attack = server.attack([name], SECONDS);
    const phase = await server.phase(SECONDS, attack);
    await attack;
    const missed = judgeCounts(name, figures(phase)).filter((verdict) => !verdict.pass);
    expect(missed).toEqual([]);
  });
});
