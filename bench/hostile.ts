import { AttackedServer } from './hostile/attacked-server.js';
import { ATTACKS, attacksNamed } from './hostile/attacks.js';
import type { Sample } from './hostile/sample.js';
import { calmFigures, type Figures, figures, judgeAttack, judgeFlat, judgeTogether } from './hostile/verdicts.js';
import { readOptions } from './lib/options.js';
import { canPin, canPrioritise } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format } from './lib/stats.js';
import { atMost, type Verdict } from './lib/targets.js';

/** Longer than the time that one reading of the longest turn covers. */
const CALM_SECONDS = 12;
/** Time between two attacks on the same server. */
const REST_SECONDS = 2;
const TOGETHER = 'all at once';

interface HostileCase {
  readonly attack: string;
  readonly calm: Figures;
  readonly under: Figures;
  readonly gotThrough: Readonly<Record<string, number>>;
}

const options = readOptions(
  'npm run bench:hostile -- [options]',
  'Each attack beside a good stream with good players, on a server of its own; then all attacks at once. With --minutes: one server, ' +
    'all attacks in turn, again and again. Exit code 1 when a verdict is missed.',
  {
    attack: { kind: 'list', fallback: [], says: `attacks to run: ${ATTACKS.map((a) => a.name).join(', ')}` },
    seconds: { kind: 'number', fallback: 10, says: 'length of one attack' },
    players: { kind: 'number', fallback: 50, says: 'good players' },
    minutes: { kind: 'number', fallback: 0, says: 'all attacks in turn on one server for so long; 0: each on its own' },
    priority: {
      kind: 'flag',
      says: 'server, publisher and good players go before everything else on the machine (nice -20, needs root): for a busy machine',
    },
    unlimited: {
      kind: 'flag',
      says: 'no limits per address, as for attacks that come from very many: what is behind those limits has to hold alone',
    },
    together: { kind: 'number', fallback: 60, says: 'seconds of all attacks at once; 0: not' },
  },
);

const names = chosen();
const seconds = options.number('seconds');
const cases: HostileCase[] = [];
const targets: Verdict[] = [];
if (options.number('minutes') > 0) await inTurn();
else {
  for (const name of names) await alone(name);
  if (options.number('together') > 0 && names.length > 1) await together();
}
report();

function chosen(): string[] {
  try {
    return attacksNamed(options.list('attack')).map((a) => a.name);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

/** One attack on a server of its own. */
async function alone(name: string): Promise<void> {
  await measured(name, async (server) => {
    const calm = calmFigures(await server.phase(CALM_SECONDS));
    const running = server.attack([name], seconds);
    const under = figures(await server.phase(seconds + 1, running), attacksNamed([name])[0]);
    const result: HostileCase = { attack: name, calm, under, gotThrough: (await running)[name] ?? {} };
    cases.push(result);
    targets.push(...judgeAttack(name, calm, under));
    process.stderr.write(`${describe(result)}\n`);
  });
}

/** All attacks side by side. */
async function together(): Promise<void> {
  await measured(TOGETHER, async (server) => {
    const calm = calmFigures(await server.phase(CALM_SECONDS));
    const running = server.attack(names, options.number('together'));
    const under = figures(await server.phase(options.number('together') + 1, running));
    await running;
    const result: HostileCase = { attack: TOGETHER, calm, under, gotThrough: {} };
    cases.push(result);
    targets.push(...judgeTogether(under));
    process.stderr.write(`${describe(result)}\n`);
  });
}

/**
 * All attacks one after the other on one server, for `--minutes`: at least three rounds, so that growth can be seen.
 */
async function inTurn(): Promise<void> {
  await measured('in turn', async (server) => {
    const rounds: Sample[][] = [];
    const calm = calmFigures(await server.phase(CALM_SECONDS));
    const each = Math.max(2, Math.min(seconds, (options.number('minutes') * 60) / 4 / names.length - REST_SECONDS));
    const until = performance.now() + options.number('minutes') * 60_000;
    while (performance.now() < until) {
      const samples: Sample[] = [];
      for (const name of names) {
        if (performance.now() >= until) break;
        const running = server.attack([name], each);
        const phase = await server.phase(each, running);
        const result: HostileCase = {
          attack: name,
          calm,
          under: figures(phase, attacksNamed([name])[0]),
          gotThrough: (await running)[name] ?? {},
        };
        cases.push(result);
        targets.push(atMost(`${name}, round ${rounds.length + 1}: good players lost`, result.under.lost, 0, ''));
        process.stderr.write(`round ${rounds.length + 1}  ${describe(result)}\n`);
        samples.push(...phase.samples, ...(await server.phase(REST_SECONDS)).samples);
      }
      // A round that was cut short is not compared.
      if (performance.now() < until || samples.length > 0) rounds.push(samples);
    }
    if (rounds.length > 1 && rounds[rounds.length - 1].length < rounds[0].length * 0.9) rounds.pop();
    targets.push(...judgeFlat(rounds));
  });
}

async function measured(name: string, run: (server: AttackedServer) => Promise<void>): Promise<void> {
  let server: AttackedServer | undefined;
  try {
    server = await AttackedServer.open(options.number('players'), options.flag('priority'), !options.flag('unlimited'));
    await run(server);
  } catch (error) {
    // A server that no longer answers, or is gone, has failed.
    process.stderr.write(`${name}: ${String(error)}\n${server?.output ?? ''}\n`);
    targets.push(atMost(`${name}: the server answers`, Number.NaN, 0, ''));
  } finally {
    await server?.close();
  }
}

function describe({ attack, calm, under }: HostileCase): string {
  return (
    `${attack}  p99 ${format(calm.p99Ms)} → ${format(under.p99Ms)} ms, RSS +${format(under.rssGrowthMB)} MB, account ` +
    `+${format(under.accountGrowthMB)} MB, beyond ${format(under.beyondAccountMB)} MB, ${format(under.eventsPerSecond)} events/s, ` +
    `${format(under.linesPerSecond)} lines/s, turn ${format(calm.longestTurnMs)} → ${format(under.longestTurnMs)} ms`
  );
}

function report(): void {
  const missed = targets.filter((t) => !t.pass);
  publish(
    {
      bench: 'hostile',
      date: new Date().toISOString(),
      machine: machine(),
      parameters: { ...options.all(), pinned: canPin(), priority: options.flag('priority') && canPrioritise() },
      cases,
      targets,
      notes: [`${targets.length - missed.length} of ${targets.length} verdicts are met`],
    },
    [
      ['attack', 'p99 ms', 'RSS +MB', 'account +MB', 'beyond MB', 'events/s', 'lines/s', 'turn ms', 'got through'],
      ...cases.map(({ attack, calm, under, gotThrough }) => [
        attack,
        `${format(calm.p99Ms)} → ${format(under.p99Ms)}`,
        format(under.rssGrowthMB),
        format(under.accountGrowthMB),
        format(under.beyondAccountMB),
        format(under.eventsPerSecond),
        format(under.linesPerSecond),
        `${format(calm.longestTurnMs)} → ${format(under.longestTurnMs)}`,
        Object.entries(gotThrough)
          .map(([what, count]) => `${format(count)} ${what}`)
          .join(', '),
      ]),
    ],
    options.text('json'),
  );
  if (missed.length > 0) process.exitCode = 1;
}
