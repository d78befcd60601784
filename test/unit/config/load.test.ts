import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ConfigInput, loadConfig, resolveConfig, valueAt } from '../../../src/config/load.js';
import { ROWS } from '../../../src/config/table.js';
import { SluiceError } from '../../../src/core/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, 'sluice.yaml');
  writeFileSync(path, content);
  return path;
}

function failure(input: ConfigInput): SluiceError {
  try {
    loadConfig(input);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('loadConfig accepted it');
}

describe('loadConfig', () => {
  it('is the defaults when nothing is given, and every default passes its own check', () => {
    const { config, sources, warnings } = loadConfig();
    expect(config.rtmp.listen).toBe('127.0.0.1:1935');
    expect(config.http.listen).toBe('127.0.0.1:8080');
    expect(config.data).toBe('./data');
    expect(config.nats.tls.ca).toBe('');
    for (const { key, setting } of ROWS) {
      expect([key, setting.accept(setting.default)]).toEqual([key, setting.default]);
      expect(sources[key]?.kind).toBe('default');
    }
    expect(warnings).toEqual([]);
  });

  it('lets the file win over defaults, the environment over the file, flags over the environment, given values over all', () => {
    const input: ConfigInput = {
      file: file(
        'log:\n  level: warn\nrtmp: { listen: "127.0.0.1:1" }\nhttp: { listen: "127.0.0.1:1" }\ndata: /file\n',
      ),
      env: { SLUICE_RTMP: '127.0.0.1:2', SLUICE_HTTP: '127.0.0.1:2', SLUICE_DATA: '/env' },
      flags: { 'http.listen': '127.0.0.1:3', data: '/flag' },
      given: { data: '/given' },
    };
    const { config, sources } = loadConfig(input);
    expect(config.log.level).toBe('warn');
    expect(config.rtmp.listen).toBe('127.0.0.1:2');
    expect(config.http.listen).toBe('127.0.0.1:3');
    expect(config.data).toBe('/given');
    expect(['log.level', 'rtmp.listen', 'http.listen', 'data'].map((key) => sources[key])).toEqual([
      { kind: 'file', name: input.file },
      { kind: 'environment', name: 'SLUICE_RTMP' },
      { kind: 'flag', name: '--http' },
      { kind: 'given', name: 'the embedding program' },
    ]);
  });

  it('finds the file by SLUICE_CONFIG, and an explicit path wins over it', () => {
    const env = { SLUICE_CONFIG: file('data: /here\n') };
    expect(loadConfig({ env }).config.data).toBe('/here');
    expect(failure({ env, file: join(folder, 'other.yaml') }).code).toBe('ERR_CONFIG_FILE_UNREADABLE');
  });

  it('reads keys with dots in a file like nested ones, and an empty group as nothing', () => {
    expect(loadConfig({ file: file('limits.maxConnections: 7\nnats.tls.ca: /ca\nlog:\n') }).config).toMatchObject({
      limits: { maxConnections: 7 },
      nats: { tls: { ca: '/ca' } },
    });
  });

  it('takes an empty file and an empty environment variable for "not set"', () => {
    expect(loadConfig({ file: file(''), env: { SLUICE_RTMP: '', SLUICE_CONFIG: '' } }).config).toEqual(
      loadConfig().config,
    );
  });

  it('understands units of bytes and time, words for yes and no, from the environment and the file', () => {
    const { config } = loadConfig({
      file: file('limits:\n  memoryBytes: 2GiB\n'),
      env: {
        SLUICE_PLAY_MAX_LAG_BYTES: '4 MiB',
        SLUICE_PUBLISH_IDLE_TIMEOUT_MS: '1.5s',
        SLUICE_EVENTS_PLAYS: 'no',
        SLUICE_LIMITS_MAX_CONNECTIONS: '12',
      },
    });
    expect(config.limits.memoryBytes).toBe(2 ** 31);
    expect(config.play.maxLagBytes).toBe(4 * 2 ** 20);
    expect(config.publish.idleTimeoutMs).toBe(1500);
    expect(config.events.plays).toBe(false);
    expect(config.limits.maxConnections).toBe(12);
  });

  it.each([
    ['limits.maxConnections', ['0', '30001', '1.5', 'ten', '', '5MiB', '1e3', null, [], true]],
    ['play.maxLagBytes', ['65535', '1TB', '-1', '10s']],
    ['publish.idleTimeoutMs', ['99', '61m', '5KiB']],
    ['log.level', ['loud', 'INFO', 3]],
    ['events.plays', ['maybe', 2]],
    ['events.prefix', ['', 'a..b', 'a.*', 'a b', '.a']],
    ['node.id', ['a.b', 'ü', 'x'.repeat(65)]],
    ['names.allow', ['(', '']],
    ['rtmp.listen', ['1935', ':1935', 'off', '::1:1935', '127.0.0.1:65536', 'h:']],
    ['data', ['a\nb', 5]],
  ])('refuses for %s what is just outside its bounds or of another kind: %j', (key, values) => {
    for (const value of values) {
      const error = failure({ flags: { [key]: value } });
      expect([value, error.code]).toEqual([value, 'ERR_CONFIG_INVALID_VALUE']);
      expect(error.message).toContain(key);
      expect(error.message).toContain('expected');
    }
  });

  it.each([
    ['limits.maxConnections', ['1', '30000']],
    ['play.maxLagBytes', ['65536', '256MiB']],
    ['publish.idleTimeoutMs', ['100', '1h']],
    ['names.allow', ['[a-z]+|x']],
    ['http.listen', ['off', '[::1]:0', 'example.com:8080']],
  ])('accepts for %s what is just inside its bounds: %j', (key, values) => {
    for (const value of values) expect(loadConfig({ flags: { [key]: value } }).sources[key]?.kind).toBe('flag');
  });

  it.each([
    ['rtmp.lisen', 'rtmp.listen'],
    ['maxConnections', 'limits.maxConnections'],
    ['limits.maxconnections', 'limits.maxConnections'],
    ['event.prefix', 'events.prefix'],
  ])('refuses the unknown key %s and asks whether %s was meant', (key, meant) => {
    const error = failure({ file: file(`${JSON.stringify(key)}: 1\n`) });
    expect(error.code).toBe('ERR_CONFIG_UNKNOWN_KEY');
    expect(error.message).toContain(`did you mean ${meant}?`);
  });

  it('refuses an unknown key without a guess when nothing is near, and names the members of a group', () => {
    expect(failure({ flags: { zzzzzzzzzzzz: 1 } }).message).not.toContain('did you mean');
    expect(failure({ file: file('log: info\n') }).message).toContain('group of settings: log.level, log.format');
    expect(failure({ file: file('__proto__: { a: 1 }\n') }).code).toBe('ERR_CONFIG_UNKNOWN_KEY');
  });

  it('tells the first hundred of many problems, few with a guess, and no key at any length', () => {
    const wrong = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`limits.maxConnectons${i}`, 1]));
    const { message, details } = failure({ flags: wrong });
    expect(message).toContain('limits.maxConnectons99 ');
    expect(message).toContain('; and 1900 more');
    expect(message.match(/did you mean/g)).toHaveLength(10);
    expect(details['problems']).toHaveLength(100);
    expect(failure({ changes: { ['x'.repeat(60_000)]: 1 } }).message.length).toBeLessThan(300);
  });

  it('names every problem at once, with where each value came from', () => {
    const error = failure({ env: { SLUICE_RTMP: 'x' }, flags: { 'log.level': 'loud' } });
    expect(error.message).toContain('rtmp.listen is "x" (SLUICE_RTMP)');
    expect(error.message).toContain('log.level is "loud" (--log-level)');
  });

  it('refuses secrets on the command line and never repeats one', () => {
    expect(failure({ flags: { 'nats.token': 'canary' } }).code).toBe('ERR_CONFIG_SECRET_IN_FLAG');
    const error = failure({ env: { SLUICE_NATS_TOKEN: `canary${'x'.repeat(5000)}` } });
    expect(error.code).toBe('ERR_CONFIG_INVALID_VALUE');
    expect(error.message).not.toContain('canary');
  });

  it('warns about a SLUICE_ variable that is no setting, but not about those that Kubernetes makes', () => {
    const { warnings } = loadConfig({
      env: { SLUICE_RTPM: 'x', SLUICE_PORT_1935_TCP: 'x', SLUICE_SERVICE_HOST: 'x', HOME: 'x' },
    });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('did you mean SLUICE_RTMP?');
  });

  it.each([
    ['a: [', 'ERR_CONFIG_FILE_SYNTAX'],
    ['- a\n- b\n', 'ERR_CONFIG_FILE_SYNTAX'],
    ['just words', 'ERR_CONFIG_FILE_SYNTAX'],
    ['a:\n\tb: 1\n', 'ERR_CONFIG_FILE_SYNTAX'],
    ['a: 1\na: 2\n', 'ERR_CONFIG_FILE_SYNTAX'],
    [`a: &a [x]\nb: &b [${'*a, '.repeat(20)}]\nc: [${'*b, '.repeat(20)}]\n`, 'ERR_CONFIG_FILE_SYNTAX'],
    ['a: *b\n', 'ERR_CONFIG_FILE_SYNTAX'],
    ['http:\n  token: &a [*a]\n', 'ERR_CONFIG_FILE_SYNTAX'],
    ['http: &a\n  listen: *a\n', 'ERR_CONFIG_FILE_SYNTAX'],
  ])('refuses the file %j with a place', (content, code) => {
    const error = failure({ file: file(content) });
    expect(error.code).toBe(code);
    expect(error.message).toContain('sluice.yaml');
  });

  it('is frozen at every depth', () => {
    const { config } = loadConfig();
    expect(Object.isFrozen(config) && Object.isFrozen(config.nats) && Object.isFrozen(config.nats.tls)).toBe(true);
  });
});

describe('a secret in a file that the environment names', () => {
  it('is read without its line break, and gives way to the variable itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'secret-'));
    const path = join(folder, 'token');
    writeFileSync(path, 'from-file\n');
    const env = { SLUICE_HTTP_TOKEN_FILE: path };
    const { config, sources, warnings } = loadConfig({ env });
    expect([config.http.token, sources['http.token'], warnings]).toEqual([
      'from-file',
      { kind: 'environment', name: 'SLUICE_HTTP_TOKEN_FILE' },
      [],
    ]);
    expect(loadConfig({ env: { ...env, SLUICE_HTTP_TOKEN: 'itself' } }).config.http.token).toBe('itself');
    expect(failure({ env: { SLUICE_HTTP_TOKEN_FILE: join(folder, 'none') } }).code).toBe('ERR_CONFIG_FILE_UNREADABLE');
    rmSync(folder, { recursive: true });
  });

  it('is there for secrets only', () => {
    const { config, warnings } = loadConfig({ env: { SLUICE_RTMP_FILE: '/nowhere' } });
    expect(config.rtmp.listen).toBe('127.0.0.1:1935');
    expect(warnings).toEqual([expect.stringContaining('SLUICE_RTMP_FILE is not a setting')]);
  });
});

describe('resolveConfig', () => {
  it('puts what a program gives over the defaults and checks it the same way', () => {
    const config = resolveConfig({ rtmp: { listen: '127.0.0.1:0' }, nats: { tls: { ca: '/ca' }, token: undefined } });
    expect(config.rtmp.listen).toBe('127.0.0.1:0');
    expect(valueAt(config, 'nats.tls.ca')).toBe('/ca');
    expect(valueAt(config, 'limits.maxConnections')).toBe(10_000);
    expect(() => resolveConfig({ rtmp: { listen: 'nowhere' } })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE' }),
    );
  });
});

describe('the configuration of an embedding program', () => {
  it.each([null, 'rtmp', [], 5])('that is %j has a code', (given) => {
    expect(() => resolveConfig(given as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE' }));
  });
});
