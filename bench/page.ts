import { LoadGenerator } from './lib/load.js';
import { GENERATOR_CORE, SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { Viewers, wireBytesOfFirstView } from './lib/page-viewers.js';
import { canPin, cpuSeconds, listening, pause } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { startPeer } from './peers/index.js';
import { sluice } from './peers/sluice.js';

/** Most that viewers of the overview may take of a core, in percent. */
const MOST_PERCENT = 2;
/** Most that is left of that when they have gone: what two measurements of the same differ by. */
const MOST_LEFT_PERCENT = 0.5;
const MOST_FIRST_VIEW_KB = 300;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 500;
const SETTLE_MS = 3000;

const options = readOptions(
  'npm run bench:page -- [options]',
  'What looking at the overview costs the server: publishers without players, and viewers who ask as the page does (the overview every 2 s, ' +
    'each of 12 pictures every 15 s, with its ETag). CPU of the server with viewers and without, in turns, in one run. Server on core 0, ' +
    'publishers on core 1.',
  {
    publishers: { kind: 'number', fallback: 200, says: 'streams' },
    kbps: { kind: 'number', fallback: 300, says: 'bit rate of each, in kbit/s' },
    viewers: { kind: 'number', fallback: 10, says: 'viewers of the overview' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of one turn' },
    rounds: { kind: 'number', fallback: 5, says: 'pairs of turns' },
  },
);
const [count, viewers] = [options.number('publishers'), options.number('viewers')];
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const server = await startPeer(sluice, { core: SERVER_CORE });
const base = `http://127.0.0.1:${server.httpPort}`;
const args = ['--kbps', String(options.number('kbps'))];
const publishers = new LoadGenerator({
  ...{ mode: 'publish', url: `${server.url}/bench`, count, core: GENERATOR_CORE },
  args,
});
try {
  await listening(server.httpPort!);
  await publishers.steady();
  await allReady();
  await measure();
} finally {
  await publishers.stop();
  await server.stop();
}

/** Percent of a core that the server takes in one turn. */
async function turn(): Promise<number> {
  const [atMs, cpu] = [performance.now(), cpuSeconds(server.pid!)];
  await pause(options.number('seconds') * 1000);
  return ((cpuSeconds(server.pid!) - cpu) / ((performance.now() - atMs) / 1000)) * 100;
}

async function measure(): Promise<void> {
  await pause(SETTLE_MS);
  const rounds = options.number('rounds');
  const [before, without, withViewers, requests]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) before.push(await turn());
  for (let round = 0; round < rounds; round++) {
    const looking = new Viewers(base, viewers);
    // Their first pictures are no part of it: it is measured what looking on costs.
    await pause(SETTLE_MS);
    looking.count();
    withViewers.push(await turn());
    requests.push(looking.count().requests / options.number('seconds'));
    await looking.stop();
    await pause(SETTLE_MS);
    without.push(await turn());
    say(`round ${round + 1}/${rounds}: ${format(without[round])} %, with viewers ${format(withViewers[round])} %`);
  }
  const more = summarise(withViewers.map((percent, round) => percent - without[round]));
  const left = summarise(without).median - summarise(before).median;
  const firstView = (await wireBytesOfFirstView(base)) / 1024;
  const cases = [
    { case: 'before anybody looked', percent: summarise(before) },
    { case: 'nobody looks', percent: summarise(without) },
    { case: `${viewers} viewers look`, percent: summarise(withViewers), requests: summarise(requests) },
    { case: 'viewers alone, pair by pair', percent: more },
  ];
  publish(
    {
      ...{ bench: 'page', date: new Date().toISOString(), machine: machine() },
      parameters: { ...options.all(), pinned: canPin() },
      cases,
      targets: [
        atMost(`${viewers} viewers of ${count} streams, of a core`, more.median, MOST_PERCENT, '%'),
        atMost('after they have gone, above before they came, of a core', left, MOST_LEFT_PERCENT, '%'),
        atMost('first view over the wire, without what is loaded later', firstView, MOST_FIRST_VIEW_KB, 'KiB'),
      ],
    },
    [
      ['case', '% of a core', 'requests a second'],
      ...cases.map((row) => [
        row.case,
        formatSummary(row.percent),
        row.requests === undefined ? '–' : format(row.requests.median),
      ]),
    ],
    options.text('json'),
  );
}

async function allReady(): Promise<void> {
  for (const endMs = Date.now() + READY_TIMEOUT_MS; ; await pause(POLL_MS)) {
    const { streams } = (await (await fetch(`${base}/v1/overview`)).json()) as { streams: { state: string }[] };
    if (streams.filter(({ state }) => state === 'ready').length >= count) return;
    if (Date.now() > endMs) throw new Error(`not ${count} streams in time: ${server.output().slice(-500)}`);
  }
}
