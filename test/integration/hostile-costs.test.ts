import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attack } from '../../bench/hostile/attack.js';
import { AttackedServer } from '../../bench/hostile/attacked-server.js';
import { ATTACKS } from '../../bench/hostile/attacks.js';
import { figures, judgeCounts } from '../../bench/hostile/verdicts.js';

const GOOD_PLAYERS = 5;
// Two for the burst that each attack may begin with, and two that are counted.
const SECONDS = 4;
const beginsStreams = ({ beginsStreams }: Attack): boolean => beginsStreams === true;

/** `npm run bench:hostile` in short: the costs of attacks that do not depend on how fast the machine is. */
describe.each([
  // Loopback addresses have no limits of their own: what is behind those limits has to hold alone. Only starts of
  // streams are bound by them.
  {
    limits: 'without limits per address',
    strangers: false,
    attacks: ATTACKS.filter((attack) => !beginsStreams(attack)),
  },
  { limits: 'with limits per address', strangers: true, attacks: ATTACKS.filter(beginsStreams) },
])('a server under attack from one address, $limits', ({ strangers, attacks }) => {
  let server: AttackedServer;
  beforeAll(async () => {
    server = await AttackedServer.open(GOOD_PLAYERS, false, strangers);
  });
  afterAll(() => server.close());

  it.each(attacks.map((attack) => ({ name: attack.name, attack })))(
    'loses no good player to $name, accounts for its memory, and tells little of it',
    async ({ name, attack }) => {
      const running = server.attack([name], SECONDS);
      const phase = await server.phase(SECONDS, running);
      await running;
      const missed = judgeCounts(name, figures(phase, attack)).filter((verdict) => !verdict.pass);
      expect(missed).toEqual([]);
    },
  );
});
