import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LiveSettings } from '../../../src/config/live-settings.js';
import { SluiceError } from '../../../src/core/errors.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const folders: string[] = [];
afterEach(() => {
  for (const made of folders.splice(0)) removeTempDir(made);
});

/** A configuration file that can be written again. */
function file(content: string): { readonly path: string; write(content: string): void } {
  const made = tempDir('settings');
  folders.push(made);
  const path = join(made, 'sluice.yaml');
  writeFileSync(path, content);
  return { path, write: (text) => writeFileSync(path, text) };
}

/** Settings, and what one part was told of them. */
function watched(settings: LiveSettings): readonly (readonly string[])[] {
  const told: (readonly string[])[] = [];
  settings.use({ apply: (_, changed) => void told.push(changed) });
  return told;
}

describe('LiveSettings', () => {
  it('reads the file again, and tells what has changed', async () => {
    const source = file('log: {level: info}\nplay: {lingerMs: 1000}');
    const settings = new LiveSettings({ file: source.path });
    const told = watched(settings);
    const before = settings.revision;
    source.write('log: {level: debug}\nplay: {lingerMs: 1000}');
    const change = await settings.reload();
    expect(change).toEqual({ revision: settings.revision, changed: ['log.level'], restart: [] });
    expect(settings.revision).not.toBe(before);
    expect(settings.config.log.level).toBe('debug');
    expect(told).toEqual([['log.level']]);
  });

  it('keeps its revision and tells nothing when a reload changes nothing', async () => {
    const source = file('log: {level: info}');
    const settings = new LiveSettings({ file: source.path });
    const told = watched(settings);
    const { revision } = settings;
    expect(await settings.reload()).toEqual({ revision, changed: [], restart: [] });
    expect(told).toEqual([]);
  });

  it('keeps the old value of a setting that needs a restart, and names it', async () => {
    const source = file('rtmp: {chunkSize: 4096}');
    const settings = new LiveSettings({ file: source.path });
    source.write('rtmp: {chunkSize: 8192}\nlog: {level: warn}');
    expect(await settings.reload()).toMatchObject({ changed: ['log.level'], restart: ['rtmp.chunkSize'] });
    expect(settings.config.rtmp.chunkSize).toBe(4096);
    // It is not the fault of what is set later.
    expect(await settings.set({ log: { level: 'error' } })).toMatchObject({ changed: ['log.level'] });
  });

  it.each([
    ['broken', 'log: {level: [', 'ERR_CONFIG_FILE_SYNTAX'],
    ['with an unknown key', 'log: {level: debug, colour: red}', 'ERR_CONFIG_UNKNOWN_KEY'],
    ['with one value that is not accepted', 'log: {level: debug}\nplay: {lingerMs: -1}', 'ERR_CONFIG_INVALID_VALUE'],
  ])('goes on as before with a file that is %s', async (_, content, code) => {
    const source = file('log: {level: info}');
    const settings = new LiveSettings({ file: source.path });
    const told = watched(settings);
    source.write(content);
    await expect(settings.reload()).rejects.toMatchObject({ code });
    expect(settings.config.log.level).toBe('info');
    expect(told).toEqual([]);
    // What is set meanwhile is set over the file that was good.
    await settings.set({ play: { lingerMs: 1 } });
    expect(told).toEqual([['play.lingerMs']]);
  });

  it('sets values over every source, and keeps them over a reload', async () => {
    const source = file('log: {level: info}');
    const settings = new LiveSettings({ file: source.path, env: { SLUICE_LOG_LEVEL: 'warn' } });
    await settings.set({ log: { level: 'debug' } });
    await settings.reload();
    expect(settings.shown()['log.level']).toEqual({ value: 'debug', source: 'config.set', reload: 'live' });
    await settings.set({ log: { level: null } });
    expect(settings.shown()['log.level']).toEqual({
      ...{ value: 'warn', reload: 'live' },
      source: 'environment SLUICE_LOG_LEVEL',
    });
  });

  it('takes keys with dots, and takes a group back with null', async () => {
    const settings = new LiveSettings({});
    await settings.set({ 'play.lingerMs': 7, names: { maxBytes: 5 } });
    expect([settings.config.play.lingerMs, settings.config.names.maxBytes]).toEqual([7, 5]);
    await settings.set({ play: null, 'names.maxBytes': null });
    expect([settings.config.play.lingerMs, settings.config.names.maxBytes]).toEqual([5000, 128]);
  });

  it('replaces a setting that is a list or a group as a whole', async () => {
    const settings = new LiveSettings({ given: { auth: { limits: { kbps: 1000, fps: 30 } } } });
    await settings.set({ auth: { limits: { kbps: 2000 } } });
    expect(settings.config.auth.limits).toEqual({ kbps: 2000 });
  });

  it('refuses what needs a restart as a whole, and names all such keys', async () => {
    const settings = new LiveSettings({});
    const patch = { log: { level: 'debug' }, rtmp: { chunkSize: 4096 }, data: './elsewhere' };
    await expect(settings.set(patch)).rejects.toMatchObject({
      code: 'ERR_CTL_NEEDS_RESTART',
      details: { keys: ['rtmp.chunkSize', 'data'] },
    });
    expect(settings.config.log.level).toBe('info');
  });

  it('refuses a change of another state than its caller has seen', async () => {
    const settings = new LiveSettings({});
    const { revision } = settings;
    await settings.set({ log: { level: 'debug' } }, revision);
    await expect(settings.set({ log: { level: 'warn' } }, revision)).rejects.toMatchObject({
      code: 'ERR_CTL_CONFLICT',
      details: { revision: settings.revision },
    });
    expect(settings.config.log.level).toBe('debug');
  });

  it.each([
    [{ colour: null }, 'ERR_CONFIG_UNKNOWN_KEY'],
    [{ log: { colour: 'red' } }, 'ERR_CONFIG_UNKNOWN_KEY'],
    [{ log: { level: 'loud' } }, 'ERR_CONFIG_INVALID_VALUE'],
    [{ log: 'loud' }, 'ERR_CONFIG_UNKNOWN_KEY'],
  ])('refuses %j', async (patch, code) => {
    const settings = new LiveSettings({});
    await expect(settings.set(patch)).rejects.toMatchObject({ code });
    expect(await settings.validate(patch)).toMatchObject({ valid: false, problems: [{ key: expect.any(String) }] });
  });

  it('says what a change would do, and does not do it', async () => {
    const settings = new LiveSettings({});
    const patch = { log: { level: 'debug' }, rtmp: { chunkSize: 4096 } };
    expect(await settings.validate(patch)).toEqual({
      ...{ valid: true, problems: [] },
      changed: ['log.level'],
      restart: ['rtmp.chunkSize'],
    });
    expect(settings.config.log.level).toBe('info');
  });

  it('names every problem with its key', async () => {
    const patch = { log: { level: 'loud' }, play: { lingerMs: -1 }, x: 1 };
    const { problems } = await new LiveSettings({}).validate(patch);
    expect(problems.map(({ key }) => key)).toEqual(['log.level', 'play.lingerMs', 'x']);
  });

  it('says that a change would be refused by a part, as it is then', async () => {
    const settings = new LiveSettings({});
    settings.use({
      check: () => {
        throw new SluiceError('ERR_AUTH_OPEN_PUBLIC_BIND', 'rtmp.listen is 0.0.0.0:1935');
      },
      apply: () => undefined,
    });
    const patch = { log: { level: 'debug' } };
    const { valid, problems } = await settings.validate(patch);
    expect([valid, problems]).toEqual([false, [{ key: '', message: expect.stringContaining('0.0.0.0:1935') }]]);
    await expect(settings.set(patch)).rejects.toMatchObject({ code: 'ERR_AUTH_OPEN_PUBLIC_BIND' });
  });

  it('changes nothing when a part cannot work with it', async () => {
    const settings = new LiveSettings({});
    const told = watched(settings);
    settings.use({
      check: ({ log }) => {
        if (log.level === 'debug') throw new Error('too loud');
      },
      apply: () => undefined,
    });
    await expect(settings.set({ log: { level: 'debug' } })).rejects.toThrow('too loud');
    expect([settings.config.log.level, told]).toEqual(['info', []]);
    await settings.set({ log: { level: 'warn' } });
    expect(told).toEqual([['log.level']]);
  });

  it('makes changes one after the other', async () => {
    const settings = new LiveSettings({});
    const order: string[] = [];
    settings.use({
      check: async ({ play }) => {
        order.push(`begin ${play.lingerMs}`);
        await new Promise(setImmediate);
      },
      apply: ({ play }) => void order.push(`end ${play.lingerMs}`),
    });
    await Promise.all([1, 2, 3].map((lingerMs) => settings.set({ play: { lingerMs } })));
    expect(order).toEqual([1, 2, 3].flatMap((ms) => [`begin ${ms}`, `end ${ms}`]));
  });

  it('reads the file once for all who ask before it is read', async () => {
    const source = file('play: {lingerMs: 1}');
    const settings = new LiveSettings({ file: source.path });
    source.write('play: {lingerMs: 2}');
    const [first, ...others] = Array.from({ length: 1000 }, () => settings.reload());
    expect(others.every((other) => other === first)).toBe(true);
    expect(await first).toMatchObject({ changed: ['play.lingerMs'] });
  });

  it('masks secrets', () => {
    const settings = new LiveSettings({ given: { nats: { password: 'hush' }, http: { token: 'hush' } } });
    expect(JSON.stringify(settings.shown())).not.toContain('hush');
    expect(settings.shown()['nats.password']).toMatchObject({ value: '***', reload: 'restart' });
  });
});
