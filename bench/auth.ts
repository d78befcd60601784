import { createHash, createHmac } from 'node:crypto';
import { connect } from 'nats';
import { sign } from '../src/admission/signed-url.js';
import { resolveConfig } from '../src/config/load.js';
import { systemClock } from '../src/core/clock.js';
import { newId } from '../src/core/ids.js';
import { silentLogger } from '../src/core/log.js';
import { NameRule } from '../src/core/names.js';
import type { Question } from '../src/live/admission.js';
import { NatsLink } from '../src/nats/connection.js';
import { LinkRequests } from '../src/nats/link-requests.js';
import { ServerAdmission } from '../src/server/admission.js';
import { startBroker } from './lib/bare-jetstream.js';
import { LoadGenerator } from './lib/load.js';
import { GENERATOR_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { sourcePath } from './lib/paths.js';
import { BenchProcess, canPin, pause } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { type LoadCase, type LoadResult, runRounds } from './lib/rounds.js';
import { format, formatSummary, pairedRatios, quantile, type Summary, summarise } from './lib/stats.js';
import { atMost } from './lib/targets.js';
import { sluice } from './peers/sluice.js';

const options = readOptions(
  'npm run bench:auth -- [options]',
  'How long a decision takes over each responder, a bare NATS request in the same run beside it; and the delay of players while ' +
    'encoders with wrong keys are refused.',
  {
    rounds: { kind: 'number', fallback: 5, says: 'rounds of the decisions, interleaved' },
    decisions: { kind: 'number', fallback: 1000, says: 'decisions of each kind in a round' },
    rate: { kind: 'number', fallback: 200, says: 'decisions a second' },
    players: { kind: 'number', fallback: 1000, says: 'players beside the refusals' },
    refusals: { kind: 'number', fallback: 10_000, says: 'refusals a minute' },
    'load-rounds': { kind: 'number', fallback: 3, says: 'rounds of players with and without refusals; 0: not' },
    seconds: { kind: 'number', fallback: 10, says: 'measured time of each of them' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use' },
  },
);

/** Rules before the one that decides: what an installation with many customers has. */
const RULES = 100;
const SIGNING_SECRET = 'a secret of the bench';
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');

/**
 * Makes a question, whose URL the client has made in reality. What it returns is timed: it asks once, and throws when
 * the answer is another one than expected.
 */
type Ask = (i: number) => () => Promise<void>;

interface Contestant {
  readonly name: string;
  readonly ask: Ask;
  readonly p50: number[];
  readonly p99: number[];
}

const closing: (() => unknown)[] = [];
try {
  const decisions = await measureDecisions();
  const load = options.number('load-rounds') > 0 ? await measureLoadBesides() : [];
  report(decisions, load);
} finally {
  for (const close of closing.splice(0).reverse()) await close();
}

async function measureDecisions(): Promise<readonly Contestant[]> {
  const broker = await startBroker(options.text('server') ?? 'nats-server');
  closing.push(() => broker.stop());
  const backEnd = new BenchProcess({
    command: process.execPath,
    args: [sourcePath('dist/bench/lib/auth-back-end-main.js'), broker.url],
  });
  closing.push(() => backEnd.stop());
  const hookPort = await new Promise<number>((resolve) => {
    backEnd.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
  });
  const link = new NatsLink({ urls: [broker.url] }, silentLogger);
  const requests = new LinkRequests(link);
  const nats = { link, requests };
  closing.push(() => link.close());
  link.start();
  while (!requests.isConnected) await pause(1);
  const bare = await connect({ servers: broker.url });
  closing.push(() => bare.close());

  const rules = Array.from({ length: RULES }, (_, i) => ({
    match: { action: ['publish' as const], app: 'live', name: `customer${i}-*` },
    key: { sha256: sha256(`key ${i}`) },
    decision: 'allow' as const,
  }));
  const lastRule = `customer${RULES - 1}-cam`;
  const nameOf = (i: number): string => `${lastRule}${i}`;
  const askWith = (auth: Parameters<typeof resolveConfig>[0] & object, queryOf: (i: number) => string): Ask => {
    const admission = new ServerAdmission(resolveConfig(auth), {
      ...{ clock: systemClock, log: silentLogger, nodeId: 'bench', bootId: newId(), nats },
      fingerprint: (key: string) => sha256(key).slice(0, 8),
      names: new NameRule(resolveConfig().names),
    });
    closing.push(() => admission.close());
    return (i) => {
      const question = questionAbout(nameOf(i), queryOf(i));
      return async () => {
        const verdict = await admission.chain.decide(question);
        if (verdict.decision !== 'allow') throw new Error(`refused: ${JSON.stringify(verdict)}`);
      };
    };
  };
  const keyOf = (i: number): string => `key=key%20${RULES - 1}&n=${i}`;
  const expiresAtS = Math.floor(Date.now() / 1000) + 3600;
  const signed = (i: number): string =>
    sign({ action: 'publish', app: 'live', name: nameOf(i), expiresAtS }, SIGNING_SECRET, 'k1');
  const body = Buffer.alloc(700, 'x');
  const contestants: Contestant[] = [
    { name: 'bare NATS request', ask: () => async () => void (await bare.request('bench.bare', body)) },
    { name: 'nats', ask: askWith({ auth: { nats: { enabled: true } } }, keyOf) },
    { name: 'webhook', ask: askWith({ auth: { webhook: { url: `http://127.0.0.1:${hookPort}/` } } }, keyOf) },
    { name: 'bare hashes', ask: (i: number) => async () => bareHashes(i) },
    { name: 'rules', ask: askWith({ auth: { rules } }, keyOf) },
    { name: 'signed', ask: askWith({ auth: { signed: { keys: [{ id: 'k1', secret: SIGNING_SECRET }] } } }, signed) },
  ].map((each) => ({ ...each, p50: [], p99: [] }));
  for (const { ask } of contestants) await timed(ask, 200);
  for (let round = 0; round < options.number('rounds'); round++) {
    for (const { name, ask, p50, p99 } of contestants) {
      const times = await timed(ask, options.number('decisions'));
      p50.push(quantile(times, 0.5));
      p99.push(quantile(times, 0.99));
      process.stderr.write(`round ${round + 1}  ${name}  p50 ${format(p50.at(-1)!)} p99 ${format(p99.at(-1)!)} ms\n`);
    }
  }
  return contestants;
}

/** What no check of a key can do without: its fingerprint, and its hash or the signature. */
function bareHashes(i: number): void {
  createHmac('sha256', SIGNING_SECRET).update(`key ${i}`).digest('hex');
  sha256(`key ${i}`);
}

function questionAbout(name: string, query: string): Question {
  return {
    ...{ requestId: newId(), action: 'publish', reason: 'start', app: 'live', name, query, isWanted: () => true },
    facts: {
      ...{ connectionId: newId(), peer: { address: '127.0.0.1', port: 1 }, transport: 'rtmp' as const },
      info: undefined,
    },
  };
}

/** Asks at an even rate. @returns milliseconds of each, sorted */
async function timed(ask: Ask, count: number): Promise<number[]> {
  const everyMs = 1000 / options.number('rate');
  const from = performance.now();
  const times: number[] = [];
  const running: Promise<void>[] = [];
  for (let i = 0; i < count; ) {
    for (; i < count && performance.now() - from >= i * everyMs; i++) {
      const asked = ask(i);
      const askedAt = performance.now();
      running.push(asked().then(() => void times.push(performance.now() - askedAt)));
      // A decision that is there at once is noted before the next one is asked for.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await pause(1);
  }
  await Promise.all(running);
  return times.sort((a, b) => a - b);
}

/** The same players with and without encoders that are refused, in turn. */
async function measureLoadBesides(): Promise<readonly LoadResult[]> {
  const players = options.number('players');
  const rules = [
    { match: { name: 'bench' }, decision: 'allow' },
    { match: { action: 'publish' }, key: { sha256: sha256(newId()) }, decision: 'allow' },
  ];
  const plan = {
    ...{ publishers: 1, players, seconds: options.number('seconds'), delay: true },
    env: { SLUICE_AUTH_RULES: JSON.stringify(rules) },
  };
  const cases: LoadCase[] = [
    { name: 'players alone', plan },
    { name: 'beside refusals', plan: { ...plan, beside: refusedEncoders } },
  ];
  return runRounds(cases, [sluice], options.number('load-rounds'));
}

/** Encoders with another wrong key each time. @returns how to end them, which tells how many came */
function refusedEncoders(url: string): () => Promise<string> {
  const aSecond = options.number('refusals') / 60;
  const generator = new LoadGenerator({
    ...{ mode: 'publish', url: `${url}/wrong?key=wrong`, count: 1_000_000, core: GENERATOR_CORE },
    args: ['--rate', String(aSecond), '--sources', '200'],
  });
  let failed = 0;
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) failed = (await generator.next()).second.failed;
  };
  watch().catch(() => undefined);
  return async () => {
    isOver = true;
    await generator.stop();
    return `${failed} refusals`;
  };
}

function report(decisions: readonly Contestant[], load: readonly LoadResult[]): void {
  const above = (name: string, baseName: string): Summary => {
    const [of, base] = [name, baseName].map((wanted) => decisions.find((each) => each.name === wanted)!);
    return summarise(of!.p99.map((p99, i) => p99 - base!.p99[i]!));
  };
  const differences = [
    ['nats', 'bare NATS request'],
    ['rules', 'bare hashes'],
    ['signed', 'bare hashes'],
  ] as const;
  const webhook = decisions.find(({ name }) => name === 'webhook')!;
  const [alone, beside] = load;
  const delays = (result: LoadResult | undefined): number[] => (result?.rounds ?? []).map((p) => p.delayP99Ms ?? NaN);
  const ratio = load.length === 0 ? undefined : pairedRatios(delays(beside), delays(alone));
  publish(
    {
      bench: 'auth',
      date: new Date().toISOString(),
      machine: machine(),
      parameters: { ...options.all(), pinned: canPin() },
      cases: [
        ...decisions.map(({ name, p50, p99 }) => ({ name, p50: summarise(p50), p99: summarise(p99) })),
        ...differences.map(([name, base]) => ({ name: `${name} above ${base}, p99`, value: above(name, base) })),
        ...load.map((result) => ({ name: result.case, p99: summarise(delays(result)), failures: result.failures })),
      ],
      targets: [
        atMost('decision over NATS, p99 above a bare request', above('nats', 'bare NATS request').median, 5, 'ms'),
        atMost('decision over the webhook, p99', summarise(webhook.p99).median, 8, 'ms'),
        atMost(`decision by ${RULES} rules, p99 above bare hashes`, above('rules', 'bare hashes').median, 0.3, 'ms'),
        atMost('decision by signature, p99 above bare hashes', above('signed', 'bare hashes').median, 0.3, 'ms'),
        ...(ratio === undefined
          ? []
          : [atMost(`players’ delay p99 beside refusals, of that without`, ratio.median, 1.2)]),
      ],
      notes: ['Server, back ends and generators share the machine.'],
    },
    [
      ['', 'p50 ms', 'p99 ms'],
      ...decisions.map(({ name, p50, p99 }) => [name, formatSummary(summarise(p50)), formatSummary(summarise(p99))]),
      ...load.map((result) => [
        `delay, ${result.case}`,
        formatSummary(p50Of(result)),
        formatSummary(summarise(delays(result))),
      ]),
    ],
    options.text('json'),
  );
}

function p50Of(result: LoadResult): Summary {
  return summarise(result.rounds.map((p) => p.delayP50Ms ?? NaN));
}
