import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../../src/cli/main.js';
import { loadConfig } from '../../../src/config/load.js';
import { ROWS } from '../../../src/config/table.js';
import { VERSION } from '../../../src/core/version.js';
import { TestIo } from '../../support/cli/test-io.js';

async function run(args: string[], env: Record<string, string> = {}) {
  const io = new TestIo({ env });
  const code = await main(args, io);
  return { code, out: io.stdout, err: io.stderr };
}

describe('sluice', () => {
  it('prints its version and a help with examples, exit codes and every command', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const word of ['serve', 'events', 'publish', 'play', 'load', 'sign', 'key', 'config', 'ffmpeg', 'Exit codes'])
      expect(out).toContain(word);
  });

  it.each(['serve', 'events', 'publish', 'play', 'load', 'sign', 'key', 'config', 'jobs'])(
    'explains %s with examples',
    async (command) => {
      const { code, out } = await run(['help', command]);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: sluice ${command}`);
      expect(out).toMatch(/\n(?:Examples|The output is)/);
    },
  );

  it('names in the help of serve each flag with its environment variable', async () => {
    const { out } = await run(['serve', '--help']);
    const text = out.replace(/\s+/g, ' ');
    for (const { env, setting } of ROWS) {
      if (setting.flag === undefined) continue;
      expect(text).toContain(setting.flag.split(' ')[0]);
      expect(text).toContain(env);
    }
  });

  it.each([
    [['evnts'], 'did you mean events?'],
    [['zzzzzz'], 'the commands are serve'],
    [['--set', 'log.level=debug', 'config'], 'config comes before its flags: sluice config'],
    [['--rtpm', '127.0.0.1:1'], 'Did you mean --rtmp?'],
    [['publish'], "missing required argument 'WHAT'"],
    [['publish', 'a.flv'], 'sluice publish FILE.flv URL, or sluice publish --test URL was expected'],
    [['publish', '--test', 'a.flv', 'rtmp://host/live/a'], 'sluice publish --test URL was expected'],
    [['publish', '--fps', '5', 'a.flv', 'rtmp://host/live/a'], '--fps goes with --test only'],
    [['publish', '--no-audio', 'a.flv', 'rtmp://host/live/a'], '--no-audio goes with --test only'],
    [['publish', '--test', '--size', '720p', 'rtmp://host/live/a'], '--size 720p; expected WIDTHxHEIGHT'],
    [['publish', '--test', '--size', '641x360', 'rtmp://host/live/a'], 'width is 641; an even number'],
    [['publish', '--test', '--fps', '0', 'rtmp://host/live/a'], 'fps is 0; a whole number from 1 to 60'],
    [['publish', '--test', '--for', 'long', 'rtmp://host/live/a'], '--for long; expected seconds'],
    [['publish', '--test', 'http://host/live/a'], 'rtmp://host'],
    [['--rtmp', '1935'], 'expected HOST:PORT'],
    [['--set', 'limits.maxConnections'], 'expected --set key=value'],
    [['--set', 'limits.maxConections=1'], 'did you mean limits.maxConnections?'],
    [['--config', 'nowhere.yaml'], 'nowhere.yaml ENOENT'],
    [['publish', 'a.flv', 'http://host/live/a'], 'rtmp://host'],
    [['play', 'rtmp://host/live/a', '--for', 'long'], '--for long'],
    [['events', '--http', 'nowhere'], 'HOST:PORT'],
    [['events', '--nats', ''], 'cannot be read there'],
  ])('ends %j with exit code 2 or 3 and words that help: %s', async (args, words) => {
    const { code, out, err } = await run(args, { SLUICE_HTTP: '127.0.0.1:1' });
    expect([2, 3]).toContain(code);
    expect(err).toContain(words);
    expect(err).toMatch(/^sluice: /);
    expect(out).toBe('');
  });

  it('tells what happened, what to do, and the code', async () => {
    const { err } = await run(['config', '--set', 'log.level=loud']);
    expect(err).toBe(
      'sluice: a setting has a value that is not accepted: log.level is "loud" (--log-level), expected one of debug, info, warn, error, silent\n' +
        '  what to do: change the value there\n' +
        '  code: ERR_CONFIG_INVALID_VALUE\n',
    );
  });
});

describe('sluice config', () => {
  it('prints a file that loads to the same configuration, with the source of each value', async () => {
    const env = { SLUICE_RTMP: '127.0.0.1:7', SLUICE_NAMES_ALLOW: '[a-z"\\\\]+' };
    const { code, out } = await run(['config', '--set', 'play.maxLagMs=5s'], env);
    expect(code).toBe(0);
    expect(out).toMatch(/listen: "127\.0\.0\.1:7" +# environment SLUICE_RTMP\n/);
    expect(out).toMatch(/maxLagMs: 5000 +# flag --set play\.maxLagMs\n/);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, out);
    expect(loadConfig({ file }).config).toEqual(loadConfig({ env, flags: { 'play.maxLagMs': '5s' } }).config);
    rmSync(folder, { recursive: true });
  });

  it('masks secrets and what URLs hide, and leaves a secret out of the file it prints', async () => {
    const env = { SLUICE_NATS_PASSWORD: 'canary', SLUICE_NATS_URL: 'nats://u:canary@host:4222' };
    const { out } = await run(['config'], env);
    expect(out).not.toContain('canary');
    expect(out).toContain('# password: "***"');
    expect((parse(out) as { nats: object }).nats).not.toHaveProperty('password');
    const json = await run(['config', '--json'], env);
    expect(json.out).not.toContain('canary');
    expect(JSON.parse(json.out)).toMatchObject({
      'nats.password': { value: '***', source: 'environment SLUICE_NATS_PASSWORD' },
      'rtmp.listen': { value: '127.0.0.1:1935', source: 'default' },
    });
  });

  it('warns about a variable that is no setting', async () => {
    expect((await run(['config'], { SLUICE_RTPM: 'x' })).err).toContain('did you mean SLUICE_RTMP?');
  });
});
