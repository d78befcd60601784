import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { TestIo } from '../../support/cli/test-io.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const NOW_S = 1_700_000_000;

/** Runs `sluice sign` at a fixed time with two keys in its configuration. */
async function run(...args: string[]) {
  vi.useFakeTimers({ now: NOW_S * 1000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = tempDir('sign');
  onTestFinished(() => removeTempDir(folder));
  const config = join(folder, 'sluice.yaml');
  writeFileSync(
    config,
    'auth: { signed: { keys: [{ id: k1, secret: first-geheim-1234 }, { id: k2, secret: second-geheim-123 }] } }',
  );
  const io = new TestIo();
  const code = await main(['sign', ...args, '--config', config], io);
  return { code, out: io.stdout, err: io.stderr };
}
const mac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('base64url');

describe('sluice sign', () => {
  it('prints the query for an app and name, and the string that was signed', async () => {
    const signed = `v1:publish:live/cam1:${NOW_S + 3600}`;
    expect(await run('publish', 'live/cam1')).toEqual({
      code: 0,
      out: `e=${NOW_S + 3600}&s=${mac('first-geheim-1234', signed)}&k=k1\n`,
      err: `signed: ${signed}\n`,
    });
  });

  it('prints the whole URL for a URL, with another key, another time and an address', async () => {
    const signed = `v1:play:live/tv/cam1:${NOW_S + 600}:192.0.2.7`;
    const url = 'rtmp://in.example:1936/live/tv/cam1';
    const { out, err } = await run('play', url, '--for', '10m', '--key', 'k2', '--ip', '192.0.2.7');
    expect(out).toBe(`${url}?e=${NOW_S + 600}&s=${mac('second-geheim-123', signed)}&k=k2&ip=1\n`);
    expect(err).toBe(`signed: ${signed}\n`);
  });

  it('prints JSON for programs', async () => {
    const { out } = await run('publish', 'rtmp://h/live/cam1', '--json');
    expect(JSON.parse(out)).toEqual({
      url: expect.stringMatching(/^rtmp:\/\/h\/live\/cam1\?e=/),
      query: expect.stringMatching(/^e=/),
      stringToSign: `v1:publish:live/cam1:${NOW_S + 3600}`,
      expiresAt: new Date((NOW_S + 3600) * 1000).toISOString(),
    });
  });

  it.each([
    [['connect', 'live/cam1'], 'expected sign publish or sign play'],
    [['publish', 'cam1'], 'neither app/name nor'],
    [['publish', 'live/'], 'neither app/name nor'],
    [['publish', 'http://h/live/cam1'], 'neither app/name nor'],
    [['publish', 'rtmp://h/live/cam1?token=x'], 'neither app/name nor'],
    [['publish', 'live/cam1', '--for', 'long'], '--for long'],
    [['publish', 'live/cam1', '--key', 'k3'], 'there is no key k3; there are k1, k2'],
  ])('refuses %j: %s', async (args, words) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err).not.toContain('geheim');
  });

  it('refuses to sign without a key', async () => {
    const io = new TestIo();
    expect(await main(['sign', 'publish', 'live/cam1'], io)).toBe(2);
    expect(io.stderr).toContain('auth.signed.keys is empty');
  });
});
