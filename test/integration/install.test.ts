import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { builtCli } from '../support/repository.js';
import { removeTempDir, tempDir } from '../support/temp.js';

let folder = '';
let nats: NatsServer;

beforeAll(async () => {
  folder = tempDir('install');
  nats = await startNats();
});

afterAll(async () => {
  await nats.stop();
  removeTempDir(folder);
});

const sluice = (...args: string[]) => run([process.execPath, builtCli(), ...args]);

/** The script for a shell, in a file. */
async function scriptFor(shell: string): Promise<string> {
  const path = join(folder, `completion.${shell}`);
  writeFileSync(path, (await sluice('completion', shell)).stdout);
  return path;
}

describe('sluice doctor', () => {
  it('looks at a NATS server, and makes nothing there', async () => {
    const places = ['--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', join(folder, 'data')];
    const { stdout } = await sluice('doctor', '--json', '--nats', nats.url, ...places);
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { check: string; state: string; says: string }[];
    };
    expect([ok, checks.filter(({ state }) => state === 'fail')]).toEqual([true, []]);
    const says = Object.fromEntries(checks.map(({ check, says }) => [check, says]));
    expect(says['nats']).toMatch(/^nats-server \d+\.\d+\.\d+ at nats:\/\/127\.0\.0\.1:\d+, \d+ ms away$/);
    expect(says['jetstream']).toContain('0 streams of any number');
    expect(says['events.stream']).toContain('will be made at the first start');
    expect(says).toHaveProperty(['permissions']);
  });
});

describe('sluice completion', () => {
  it('completes in bash: commands, flags of each, their values, settings and files', async () => {
    const path = await scriptFor('bash');
    const words = async (...line: string[]): Promise<string[]> => {
      const typed = line.map((word) => `'${word}'`).join(' ');
      const script = `source '${path}'; COMP_WORDS=(sluice ${typed}); COMP_CWORD=${line.length}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return (await run(['bash', '-c', script])).stdout.trim().split('\n');
    };
    expect(await words('doc')).toEqual(['doctor']);
    expect(await words('--log-l')).toEqual(['--log-level']);
    expect(await words('serve', '--log-level', 'd')).toEqual(['debug']);
    expect(await words('config', 'get', 'cluster.adv')).toEqual(['cluster.advertise']);
    expect(await words('jobs', 'run', '--slo')).toEqual(['--slots']);
    expect(await words('--config', join(folder, 'completion.b'))).toEqual([path]);
    // The value of a flag is no command.
    expect(await words('--config', 'jobs', 'ru')).toEqual(['']);
  });

  it('completes in fish, and zsh can read its script', async () => {
    const path = await scriptFor('fish');
    const fish = await run([
      'fish',
      '--no-config',
      '-c',
      `source '${path}'; complete -C 'sluice config get cluster.adv'`,
    ]);
    expect(fish.stdout).toBe('cluster.advertise\n');
    const zsh = await run(['zsh', '-f', '-n', await scriptFor('zsh')]);
    expect(zsh.stdout).toBe('');
  });
});
