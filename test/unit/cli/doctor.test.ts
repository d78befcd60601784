import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function doctor(args: string[], env: Record<string, string> = {}) {
  const io = new TestIo({ env });
  const here = ['--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', folder];
  const code = await main(['doctor', ...here, ...args], io);
  return { code, out: io.stdout, err: io.stderr };
}

describe('sluice doctor', () => {
  it('prints a line for each check and the sum, and changes nothing', async () => {
    const { code, out } = await doctor([]);
    expect(code).toBe(0);
    for (const check of ['node', 'settings', 'clock', 'memory', 'rtmp.listen', 'data', 'fsync', 'nats', 'ffmpeg'])
      expect(out).toMatch(new RegExp(`^(?:ok|warn) +${check} +\\S`, 'm'));
    expect(out).toMatch(/^\d+ checks: \d+ ok, \d+ to look at, 0 failed$/m);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('fails for what a start refuses, says what to do, and goes on', async () => {
    const { code, out } = await doctor(['--rtmp', '0.0.0.0:0']);
    expect(code).toBe(1);
    expect(out).toMatch(/^fail {2}who may do what .*\n +what to do: set auth\.rules .*ERR_AUTH_OPEN_PUBLIC_BIND\)$/m);
    expect(out).toMatch(/^ok +data /m);
    const open = await doctor(['--http', '0.0.0.0:0', '--json'], { SLUICE_AUTH_ALLOW_ANONYMOUS_PUBLISH: 'true' });
    expect(open.code).toBe(1);
    expect(open.out).toContain('ERR_HTTP_OPEN_PUBLIC_BIND');
  });

  it('names the file, and what is wrong in it', async () => {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, 'log:\n  level: warn\n');
    expect((await doctor(['--config', file])).out).toContain(file);
    writeFileSync(file, 'log:\n  leve: warn\n');
    const { code, out } = await doctor(['--config', file]);
    expect(code).toBe(1);
    expect(out).toContain('did you mean log.level');
  });

  it('prints no secret', async () => {
    const env = { SLUICE_NATS_URL: 'nats://ann:canary4711@127.0.0.1:1', SLUICE_HTTP_TOKEN: 'canary4712' };
    const { code, out, err } = await doctor(['--json'], env);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false });
    expect(out + err).not.toMatch(/canary471/);
  });
});
