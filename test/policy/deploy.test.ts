import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { ROWS } from '../../src/config/table.js';
import { VERSION } from '../../src/core/version.js';
import { checkTemplates } from '../../src/jobs/template/parse.js';
import { files, read, root } from '../support/policy/sources.js';

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
  readonly volumes: Readonly<Record<string, object>>;
}

const DEPLOY = 'examples/deploy';
const CHART = `${DEPLOY}/helm/sluice`;
const SECRET = 'at-least-16-bytes-of-secret';
const variables = new Set(ROWS.flatMap(({ env, setting }) => (setting.secret === true ? [env, `${env}_FILE`] : [env])));

/** The variables of settings, with values for what comes from outside. */
function withSecrets(environment: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(environment).filter(([name]) => name.startsWith('SLUICE_'));
  return Object.fromEntries(own.map(([name, value]) => [name, withSecret(value)]));
}

/** A text of compose with values for its variables. */
function withSecret(text: string): string {
  return text.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name: string) => (name.endsWith('SHA256') ? 'a'.repeat(64) : SECRET));
}

describe('the image', () => {
  const text = read('Dockerfile').replaceAll(/\\\n\s*/g, ' ');
  const environment = Object.fromEntries(
    [...text.matchAll(/(SLUICE_\w+)=(\S+)/g)].map((match) => [match[1]!, match[2]!]),
  );

  it('has settings that are accepted, with the ports that it names', () => {
    const { config, warnings } = loadConfig({ env: environment });
    expect(warnings).toEqual([]);
    const ports = [config.rtmp.listen, config.http.listen].map((address) => address.split(':').at(-1));
    expect(text).toContain(`EXPOSE ${ports.join(' ')}\n`);
    expect(config.data.startsWith('/data/')).toBe(true);
  });

  it('runs as a user without a name, and ends with the server', () => {
    const users = [...text.matchAll(/^USER (.*)$/gm)].map((match) => match[1]!);
    expect(users.at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(text).toContain('STOPSIGNAL SIGTERM');
    expect(text).toMatch(/\nFROM server\n$/);
    expect(text).toContain("'/healthz'");
  });

  it('is built from what is let in', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const packed = (JSON.parse(read('package.json')) as { files: string[] }).files.filter(
      (path) => !path.startsWith('dist'),
    );
    for (const path of ['package-lock.json', 'src', 'assembly', 'scripts', 'LICENSE', ...packed])
      expect(allowed).toContain(path);
    expect(allowed.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('the compose file', () => {
  const compose = parse(read(`${DEPLOY}/compose.yaml`), { merge: true }) as Compose;
  const services = Object.entries(compose.services);

  it('has settings that are accepted', () => {
    const environments = services.flatMap(([, { build, environment }]) => (build && environment ? [environment] : []));
    expect(environments.length).toBe(2);
    for (const environment of environments) expect(loadConfig({ env: withSecrets(environment) }).warnings).toEqual([]);
  });

  it('opens ports to this machine only', () => {
    const ports = services.flatMap(([, { ports: own = [] }]) => own);
    expect(ports.length).toBeGreaterThan(3);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('mounts what is there, and secrets and volumes that are declared', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
    const folders = mounts.filter((from) => from.startsWith('./'));
    expect(folders.filter((from) => !existsSync(join(root, DEPLOY, from)))).toEqual([]);
    expect(new Set(mounts.filter((from) => !from.startsWith('./')))).toEqual(new Set(Object.keys(compose.volumes)));
    const used = services.flatMap(([, { secrets = [] }]) => secrets);
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.secrets)));
  });

  it('waits for services that tell their health', () => {
    const waits = services.flatMap(([, { depends_on = {} }]) => Object.entries(depends_on));
    expect(waits.length).toBe(4);
    for (const [name, { condition }] of waits) {
      expect(condition).toBe('service_healthy');
      const { healthcheck, build } = compose.services[name]!;
      expect([name, healthcheck !== undefined || build !== undefined]).toEqual([name, true]);
    }
  });

  it('has templates that are accepted, and is what Prometheus scrapes', () => {
    const name = `${DEPLOY}/jobs.yaml`;
    expect(checkTemplates([{ name, text: read(name) }]).problems).toEqual([]);
    const { scrape_configs: scraped } = parse(read(`${DEPLOY}/prometheus/prometheus.yml`)) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const hosts = scraped
      .flatMap((each) => each.static_configs.flatMap(({ targets }) => targets))
      .map((target) => target.split(':')[0]!);
    expect(hosts.length).toBe(2);
    // A name that is not on this list is refused.
    for (const host of hosts)
      expect([host, compose.services[host]?.environment?.['SLUICE_HTTP_ALLOWED_HOSTS']]).toEqual([host, host]);
  });

  it('gives Prometheus a token of its own that may read alone', () => {
    const { environment = {} } = compose.services['sluice']!;
    const { http } = loadConfig({ env: withSecrets(environment) }).config;
    expect(http.tokens).toEqual([{ name: 'prometheus', sha256: 'a'.repeat(64), scopes: ['read'] }]);
    const { environment: source } = compose.secrets['metrics_token']!;
    expect(environment['SLUICE_HTTP_TOKENS']).toContain(`\${${source}_SHA256:`);
    expect(Object.values(environment).filter((value) => value.includes(`\${${source}:`))).toEqual([]);
  });
});

describe('the unit for systemd', () => {
  const unit = read(`${DEPLOY}/sluice.service`);
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)![1]!;

  it('leaves a drain its time, and keeps data where the service may write', () => {
    const [, drainS] = /--deadline (\d+)s/.exec(value('ExecStop'))!;
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(Number(drainS));
    expect(value('ExecStart')).toContain(`--data /var/lib/${value('StateDirectory')}/`);
  });

  it('allows what V8 needs, and as many descriptors as the settings have connections', () => {
    expect(value('MemoryDenyWriteExecute')).toBe('no');
    expect(Number(value('LimitNOFILE'))).toBeGreaterThan(loadConfig().config.limits.maxConnections);
  });
});

describe('the chart for Helm', () => {
  const values = parse(read(`${CHART}/values.yaml`)) as Record<string, unknown> & {
    config: Record<string, unknown>;
    secrets: { variable: string }[];
  };
  const templates = files()
    .filter((path) => path.startsWith(`${CHART}/templates/`))
    .map(read)
    .join('\n');

  it('has the version of the program', () => {
    expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ appVersion: VERSION, version: VERSION });
  });

  it('has settings that are accepted, and listens on the ports of its pods', () => {
    const { config, warnings } = loadConfig({ content: values.config, file: 'values.yaml', env: {} });
    expect(warnings).toEqual([]);
    for (const listen of [config.rtmp.listen, config.http.listen])
      expect(templates).toContain(`containerPort: ${listen.split(':').at(-1)} }`);
    expect(config.data.startsWith('/data/')).toBe(true);
  });

  it('names settings that there are', () => {
    const named = [...templates.matchAll(/\b(SLUICE_[A-Z_]+)\b/g)].map((match) => match[1]!);
    const secrets = values.secrets.map(({ variable }) => `${variable}_FILE`);
    expect(named.length).toBeGreaterThan(1);
    expect([...named, ...secrets].filter((name) => !variables.has(name))).toEqual([]);
  });

  it('uses values that there are, each described by the schema', () => {
    const used = [...templates.matchAll(/\.Values\.([\w.]+)/g)].map((match) => match[1]!);
    const missing = used.filter((path) => {
      const parts = path.split('.');
      const inner = parts.reduce<unknown>(
        (node, part) => (node as Record<string, unknown> | undefined)?.[part],
        values,
      );
      return inner === undefined;
    });
    expect(missing).toEqual([]);
    const schema = JSON.parse(read(`${CHART}/values.schema.json`)) as { properties: Record<string, object> };
    expect(Object.keys(values).filter((key) => !(key in schema.properties))).toEqual([]);
    expect(Object.keys(values).filter((key) => !used.some((path) => path.split('.')[0] === key))).toEqual([]);
  });
});
