import { afterAll, beforeAll, expect, it } from 'vitest';
import { encoderRules, KEY } from '../support/admission/encoder-key.js';
import { SseWatcher, short } from '../support/events.js';
import { spread, survives } from '../support/interop/lost-encoder.js';
import { scaled } from '../support/interop/scale.js';
import { media } from '../support/media.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegPublish, gstPublish } from '../support/tools.js';

const RULES = encoderRules({ resumeWindowMs: 15_000 });

let server: TestServer;
let events: SseWatcher;

beforeAll(async () => {
  server = await spawnServer({ settings: { 'auth.rules': JSON.stringify(RULES) } });
  events = await SseWatcher.open(server.http('/v1/events'));
});
afterAll(async () => {
  events.close();
  await server.stop();
});

it.each([
  { encoder: 'ffmpeg', times: scaled(3, 50), publish: ffmpegPublish },
  {
    encoder: 'gst-launch-1.0',
    times: scaled(1, 10),
    publish: (file: string, url: string) => gstPublish('rtmp2sink', file, url),
  },
])(
  'a stream and its players go on when $encoder is killed and started again, $times times',
  async ({ encoder: name, times, publish }) => {
    const file = await media('long.flv');
    const pauses = await survives(server, events, {
      name,
      times,
      publish: () => publish(file, `${server.url(name)}?key=${KEY}`),
      lose: async (encoder) => {
        const lostMs = Date.now();
        await encoder.stop('SIGKILL');
        return lostMs;
      },
    });
    console.log(`${name} killed ${times} times, in ms`);
    console.table(spread(pauses));
    const told = events.all.filter(({ subject }) => subject === `live/${name}`).map(short);
    expect(told.filter((type) => type === 'stream.resumed')).toHaveLength(times);
  },
  scaled(90_000, 600_000),
);
