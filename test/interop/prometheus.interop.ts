import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { SERVER_METRICS } from '../../src/model/metrics.js';
import { Child } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { root } from '../support/policy/sources.js';
import { freePort } from '../support/ports.js';
import { ALERTS, PANEL_QUERIES, selectorsOf } from '../support/promql.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const folder = join(root, 'examples/deploy/prometheus');
let bus: NatsServer;
let server: TestServer;
let steady: SteadyStream;
let prometheus: Child;
let home: string;
let port: number;

/** Every feature that has metrics of its own is on. */
const EVERYTHING = {
  ...{ 'cluster.enabled': true, 'cluster.secret': 'a secret that all nodes of the test share' },
  ...{ 'rtmpt.enabled': true, 'shutdown.deadlineMs': 1000 },
  // Nobody listens there.
  'traces.endpoint': 'http://127.0.0.1:9',
};

beforeAll(async () => {
  home = tempDir('prometheus');
  [bus, port] = [await startNats(), await freePort()];
  server = await spawnServer({ nats: bus.url, settings: { ...EVERYTHING, 'media.root': home } });
  steady = await SteadyStream.start(server.rtmpPort);
  const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8')) as {
    global: Record<string, string>;
    rule_files: string[];
    scrape_configs: { job_name: string; authorization?: object; static_configs: { targets: string[] }[] }[];
  };
  config.global = { scrape_interval: '200ms', evaluation_interval: '200ms', scrape_timeout: '200ms' };
  config.rule_files = [join(folder, 'rules.yml')];
  config.scrape_configs = config.scrape_configs.filter(({ job_name: name }) => name === 'sluice');
  // The server of the test has no tokens.
  delete config.scrape_configs[0]!.authorization;
  config.scrape_configs[0]!.static_configs = [{ targets: [`127.0.0.1:${server.httpPort}`] }];
  writeFileSync(join(home, 'prometheus.yml'), stringify(config));
  prometheus = new Child([
    ...['prometheus', `--config.file=${join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${join(home, 'data')}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
  ]);
});

afterAll(async () => {
  await prometheus?.stop('SIGKILL');
  steady?.stop();
  await server?.stop();
  await bus?.stop();
  removeTempDir(home);
});

async function promtool(...args: string[]): Promise<string> {
  const child = new Child(['promtool', ...args]);
  const { code } = await child.finish(20_000);
  expect([code, child.output]).toEqual([0, expect.any(String)]);
  return child.output;
}

async function ask<T>(path: string, of: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(of)}`);
  const { data, status, error } = (await response.json()) as { data: T; status: string; error?: string };
  expect([of, status, error]).toEqual([of, 'success', undefined]);
  return data;
}

const valuesOf = async (query: string) => (await ask<{ result: unknown[] }>('query', { query })).result;

describe('promtool', () => {
  it('accepts the settings and the rules, and the rules do what their tests say', async () => {
    const said = await Promise.all([
      promtool('check', 'config', '--syntax-only', join(folder, 'prometheus.yml')),
      promtool('check', 'rules', join(folder, 'rules.yml')),
      promtool('test', 'rules', join(folder, 'rules.test.yml')),
    ]);
    expect(said[0]).toContain('SUCCESS');
    expect(said[1]).toContain(`${ALERTS.length} rules found`);
    expect(said[2]).toContain('SUCCESS');
  });

  it('has nothing to say against the metrics of a server', async () => {
    const text = await (await fetch(server.http('/metrics'))).text();
    const own = text.split('\n').filter((line) => /^(?:# \w+ )?sluice_/.test(line));
    const child = new Child(['promtool', 'check', 'metrics'], { input: Buffer.from(`${own.join('\n')}\n`) });
    expect([(await child.finish(20_000)).code, child.output]).toEqual([0, '']);
  });
});

describe('a server with everything on', () => {
  it('has exactly the metrics of the table', async () => {
    const text = await (await fetch(server.http('/metrics'))).text();
    const names = [...text.matchAll(/^# TYPE (sluice_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const expected = Object.entries(SERVER_METRICS).map(([name, { type }]) => `${name} ${type}`);
    expect(names.sort()).toEqual(expected.sort());
  });

  it('is scraped by Prometheus, which answers every query of the dashboard and of the alerts', async () => {
    const scraped = 'min(count_over_time(sluice_ready[1m]))';
    await waitFor(
      async () => {
        const [row] = (await valuesOf(scraped).catch(() => [])) as { value: [number, string] }[];
        return Number(row?.value[1] ?? 0) >= 3;
      },
      { everyMs: 100, timeoutMs: 30_000, what: () => `three scrapes\n${prometheus.output.slice(-2000)}` },
    );
    for (const values of await Promise.all(ALERTS.map(({ expr }) => valuesOf(expr))))
      expect(values).toBeInstanceOf(Array);
    const all = await Promise.all(
      PANEL_QUERIES.map(async (query) => ({ ...query, values: await valuesOf(query.expr) })),
    );
    const empty: string[] = [];
    for (const { of, expr, values } of all)
      if (values.length === 0 && (await hasData(expr))) empty.push(`${of}: ${expr}`);
    expect(empty).toEqual([]);
    expect(all.filter(({ values }) => values.length > 0).length).toBeGreaterThan(50);
    const [row] = (await valuesOf('sum(rate(sluice_media_out_bytes_total[1m]))')) as { value: [number, string] }[];
    expect(Number(row!.value[1])).toBeGreaterThan(0);
  });

  it('does not set off an alert that is about a fault', async () => {
    const { alerts } = await ask<{ alerts: { labels: { alertname: string }; state: string }[] }>('alerts', {});
    const firing = alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    expect(firing).toEqual([]);
  });
});

/** Whether Prometheus has at least two values of all that an expression chooses. */
async function hasData(expr: string): Promise<boolean> {
  for (const { metric, matchers } of selectorsOf(expr)) {
    const inner = matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(',');
    const counts = (await valuesOf(`count_over_time(${metric}{${inner}}[1m]) >= 2`)) as unknown[];
    if (counts.length === 0) return false;
  }
  return true;
}
