import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LiveSettings } from '../../../src/config/live-settings.js';
import { nodeControl, Reloader } from '../../../src/server/node-control.js';
import { NodeDrain } from '../../../src/server/node-drain.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const folders: string[] = [];
afterEach(() => {
  for (const made of folders.splice(0)) removeTempDir(made);
});

/** A node with one stream and two plays, and what was done to it. */
function node() {
  const clock = new ManualClock();
  const log = new RecordingLog();
  const did: string[] = [];
  const counts = { streams: 1, plays: 2, relays: 0, journalPending: 3 };
  const done = (what: string) => async (): Promise<void> => void did.push(what);
  const drain = new NodeDrain({
    ...{ log, clock, endingMs: () => 4000, counts: () => counts },
    begun: done('begun'),
    tell: done('told'),
    undone: done('undone'),
    askAway: (tcUrl) => void did.push(`asked away to ${tcUrl}`),
    stop: () => void did.push('stopped'),
  });
  const settings = new LiveSettings({});
  const control = nodeControl({ settings, drain, info: () => ({}), reauthorise: () => void did.push('asked again') });
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= 250) {
      clock.pass(250);
      drain.tick(clock.monotonicMs());
    }
  };
  return { clock, log, did, counts, drain, settings, control, pass };
}

describe('the drain of a node', () => {
  it('closes the doors, asks clients away, tells how far it is, and stops when nothing runs', async () => {
    const { control, did, pass, counts, drain, log } = node();
    const { done, progress } = await control.drain({ deadlineMs: 60_000, reconnectTo: 'rtmp://b/live' });
    expect(done).toBe('done');
    expect(progress).toMatchObject({
      streams: 1,
      plays: 2,
      journalPending: 3,
      deadlineAt: expect.stringMatching(/Z$/),
    });
    expect(drain.closedFor).toContain('draining');
    pass(21_000);
    expect(did).toEqual(['asked away to rtmp://b/live', 'begun', 'told', 'told']);
    expect(log.lines.filter(({ message }) => message === 'draining')).toHaveLength(21);
    Object.assign(counts, { streams: 0, plays: 0 });
    pass(1000);
    expect(did.slice(4)).toEqual(['stopped']);
    await expect(control.undrain()).rejects.toMatchObject({ code: 'ERR_CTL_CONFLICT' });
  });

  it('can be taken back, and is none then', async () => {
    const { control, did, drain, pass } = node();
    expect(await control.undrain()).toBe('already');
    await control.drain({ deadlineMs: 10_000 });
    expect((await control.drain({ deadlineMs: 20_000 })).done).toBe('already');
    expect(await control.undrain()).toBe('done');
    expect([drain.closedFor, drain.progress]).toEqual([undefined, undefined]);
    pass(30_000);
    expect(did).not.toContain('stopped');
    expect(did.at(-1)).toBe('undone');
  });

  it('says whether the process was draining when it ends, and shuts the doors for good', async () => {
    expect(node().drain.end()).toBe(false);
    const { control, drain } = node();
    await control.drain({ deadlineMs: 10_000 });
    expect([drain.end(), drain.closedFor]).toEqual([true, 'the server is shutting down']);
  });
});

describe('control of the settings of a node', () => {
  it('shows, checks and sets them, and asks admission again only when told to', async () => {
    const { control, did, settings } = node();
    const { revision, config } = control.config.get();
    expect([revision, config['log.level']]).toEqual([
      settings.revision,
      { value: 'info', source: 'default', reload: 'live' },
    ]);
    expect(await control.config.validate({ log: { level: 'warn' } })).toMatchObject({
      valid: true,
      changed: ['log.level'],
    });
    await control.config.set({ log: { level: 'warn' } }, { revision, reauthorise: false });
    expect(did).toEqual([]);
    await control.config.reload({ reauthorise: true });
    expect([settings.config.log.level, did]).toEqual(['warn', ['asked again']]);
  });

  it('changes the level of the log', async () => {
    const { control, settings } = node();
    expect(control.log.level('debug')).toBe('done');
    await settings.set({});
    expect([settings.config.log.level, control.log.level('debug')]).toEqual(['debug', 'already']);
  });
});

describe('Reloader', () => {
  function reloader(content: string) {
    const folder = tempDir('reloader');
    folders.push(folder);
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, content);
    const settings = new LiveSettings({ file });
    const log = new RecordingLog();
    const audit: unknown[] = [];
    const made = new Reloader(settings, log, new ManualClock(), (entry) => void audit.push(entry));
    return { made, settings, log, audit, write: (text: string) => writeFileSync(file, text) };
  }

  it('reads the file again, and tells what has changed', async () => {
    const { made, log, audit, write } = reloader('play: {lingerMs: 1}');
    write('play: {lingerMs: 2}\ndata: ./elsewhere');
    await made.reload('SIGHUP');
    expect(log.lines.map(({ level }) => level)).toEqual(['info', 'warn']);
    expect(JSON.stringify(log.lines)).toContain('"restart":"data"');
    expect(audit).toEqual([
      expect.objectContaining({
        verb: 'config.reload',
        actor: 'SIGHUP',
        target: { changed: ['play.lingerMs'] },
        result: 'done',
      }),
    ]);
  });

  it('says in one line what is wrong with a file, and keeps the settings', async () => {
    const { made, settings, log, audit, write } = reloader('play: {lingerMs: 1}');
    write('play: {lingerMs: [');
    await made.reload('the file has changed');
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({ level: 'error', fields: { code: 'ERR_CONFIG_FILE_SYNTAX' } });
    expect(audit).toEqual([expect.objectContaining({ result: 'ERR_CONFIG_FILE_SYNTAX', target: {} })]);
    expect(settings.config.play.lingerMs).toBe(1);
  });

  it('tells no change that is none', async () => {
    const { made, audit } = reloader('play: {lingerMs: 1}');
    await made.reload('SIGHUP');
    expect(audit).toEqual([]);
  });
});
