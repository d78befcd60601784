import { afterAll, beforeAll, expect, it } from 'vitest';
import { encoderRules, KEY } from '../support/admission/encoder-key.js';
import type { Child } from '../support/child.js';
import { SseWatcher, short } from '../support/events.js';
import { FarMachine } from '../support/interop/far-machine.js';
import { spread, survives } from '../support/interop/lost-encoder.js';
import { scaled } from '../support/interop/scale.js';
import type { Pause } from '../support/interop/watched-play.js';
import { media } from '../support/media.js';
import { seeded } from '../support/random.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const RULES = encoderRules();

/** A stream may be replaced so often in a minute. */
const REPLACEMENTS = 3;
const MINUTE_MS = 60_000;
/** Streams, each with an encoder that loses its connection so many times. */
const STREAMS = scaled(1, 5);
const TIMES = scaled(REPLACEMENTS, 10);
/** Apart, so that more than {@link REPLACEMENTS} are none too many. */
const APART_MS = scaled(0, MINUTE_MS / REPLACEMENTS + 500);
/** The longest time that an encoder needs to notice that nothing gets through. */
const PATIENCE_MS = scaled(500, 4000);

let far: FarMachine;
let server: TestServer;
let events: SseWatcher;
let file: string;

beforeAll(async () => {
  file = await media('long.flv');
  far = await FarMachine.start();
  // Encoders come over the cable, players from here.
  server = await spawnServer({ host: '0.0.0.0', settings: { 'auth.rules': JSON.stringify(RULES) } });
  events = await SseWatcher.open(server.http('/v1/events'));
});
afterAll(async () => {
  await far.close();
  events.close();
  await server.stop();
});

/** A stream whose encoder is cut off again and again: no packet gets through, nothing ends its connection. */
async function cutOff(name: string, random: () => number): Promise<Pause[]> {
  const markOf = (n: number): string => `nr=${name}-${n}.`;
  let replacedMs = 0;
  const publish = (n: number): Child => {
    const url = `rtmp://${far.host}:${server.rtmpPort}/live/${name}?key=${KEY}&${markOf(n)}`;
    return ffmpegPublish(file, url, { by: far.by, input: ['-stream_loop', '-1'] });
  };
  return survives(server, events, {
    name,
    times: TIMES,
    publish,
    lose: async () => {
      await far.drop((await server.stream(name))!.peer.port);
      const lostMs = Date.now();
      const patienceMs = random() * PATIENCE_MS;
      await waitFor(() => Date.now() - lostMs >= patienceMs);
      replacedMs = Date.now();
      return lostMs;
    },
    replaced: async (n, encoder) => {
      await far.kill(markOf(n));
      await encoder.exited;
      await waitFor(() => Date.now() - replacedMs >= APART_MS, { timeoutMs: 2 * APART_MS + 1000 });
    },
  });
}

it(
  `a stream and its players go on with a new connection while the old one is half open, ${STREAMS * TIMES} times`,
  async () => {
    const random = seeded(20_260_101);
    const names = Array.from({ length: STREAMS }, (_, n) => `cut-${n}`);
    const pauses = (await Promise.all(names.map((name) => cutOff(name, random)))).flat();
    // Nothing is left of the connections that were replaced, although their clients never said so.
    await waitFor(async () => (await server.metric('sluice_connections')) === STREAMS);
    console.log(`${pauses.length} half-open connections replaced, in ms`);
    console.table(spread(pauses));
    for (const name of names) {
      const told = events.all.filter(({ subject }) => subject === `live/${name}`);
      expect(told.map(short)).not.toContain('stream.suspended');
      const resumes = told.filter((event) => short(event) === 'stream.resumed');
      expect(resumes.map(({ data }) => data['cause'])).toEqual(Array.from({ length: TIMES }, () => 'replaced'));
    }
  },
  scaled(90_000, 2 * TIMES * (APART_MS + PATIENCE_MS) + 120_000),
);
