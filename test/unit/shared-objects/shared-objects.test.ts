import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/core/log.js';
import { ObjectFiles } from '../../../src/shared-objects/object-files.js';
import { SharedObject } from '../../../src/shared-objects/shared-object.js';
import type { SharedObjects, SharedObjectsOptions } from '../../../src/shared-objects/shared-objects.js';
import { amf } from '../../support/amf.js';
import { sharedObjects } from '../../support/shared-objects/store.js';
import { TestUser } from '../../support/shared-objects/user.js';
import { removeTempDir, tempDir } from '../../support/temp.js';

const log = createLogger({ level: 'silent' });
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach(removeTempDir));

let nowMs = 1000;
const memory = { isOver: false };

function store(options: Partial<SharedObjectsOptions> = {}, files?: ObjectFiles) {
  memory.isOver = false;
  return sharedObjects(log, () => nowMs, { options, memory, ...(files === undefined ? {} : { files }) });
}

async function newFiles(): Promise<{ files: ObjectFiles; folder: string }> {
  const folder = tempDir('objects');
  folders.push(folder);
  return { files: await ObjectFiles.open(folder), folder };
}

async function use(objects: SharedObjects, name: string, o: { app?: string; isPersistent?: boolean } = {}) {
  const user = new TestUser();
  const object = await objects.open({ app: o.app ?? 'live', name, isPersistent: o.isPersistent ?? false });
  if (object instanceof SharedObject) object.use(user);
  return { object, user };
}

function opened(object: unknown): SharedObject {
  if (!(object instanceof SharedObject)) throw new Error(`refused: ${String(object)}`);
  return object;
}

/** Lets quarters of a second pass. */
function pass(objects: SharedObjects, quarters: number): void {
  for (let i = 0; i < quarters; i++) {
    nowMs += 250;
    objects.tick(nowMs);
  }
}

const set = (objects: SharedObjects, object: SharedObject, user: TestUser, name: string, value: Buffer): void =>
  objects.apply(object, user, [{ kind: 'requestChange', slots: [{ name, value }] }]);

describe('shared objects', () => {
  it('are one for all clients of an app, and another one for those of another app', async () => {
    const { objects } = store();
    const [a, b, c] = [
      await use(objects, 'chat'),
      await use(objects, 'chat'),
      await use(objects, 'chat', { app: 'x' }),
    ];
    expect([a.object === b.object, a.object === c.object, objects.size]).toEqual([true, false, 2]);
  });

  it('are freed when the last client lets go, with all that they took', async () => {
    const { objects, news } = store();
    const [a, b] = [await use(objects, 'chat'), await use(objects, 'chat')];
    const object = opened(a.object);
    set(objects, object, a.user, 'x', amf('a long value'));
    objects.release(object, a.user);
    expect([objects.size, objects.bytes]).toEqual([1, object.bytes]);
    objects.release(object, b.user);
    objects.release(object, b.user);
    expect([objects.size, objects.bytes]).toEqual([0, 0]);
    expect(news.map(({ verb, changes }) => [verb, changes])).toEqual([
      ['created', 0],
      ['released', 1],
    ]);
  });

  it.each([
    ['of an app that may have none', { apps: ['other'] }, {}, 'SharedObject.NoReadAccess'],
    ['with a name that is not allowed', {}, { name: 'bad name' }, 'SharedObject.NoReadAccess'],
    ['past the most objects', { maxObjects: 1 }, {}, 'SharedObject.ObjectCreationFailed'],
    ['when all take too much', { maxTotalBytes: 100 }, {}, 'SharedObject.ObjectCreationFailed'],
    ['in a file without a folder', {}, { isPersistent: true }, 'SharedObject.BadPersistence'],
    ['that is volatile for others', {}, { name: 'there', isPersistent: true }, 'SharedObject.BadPersistence'],
  ])('are refused %s', async (what, options, request, refusal) => {
    const { objects } = store();
    expect(opened((await use(objects, 'there')).object).name).toBe('there');
    objects.change({ ...objects.options, ...options });
    expect(objects.open({ app: 'live', name: 'new', isPersistent: false, ...request }), what).toBe(refusal);
    expect(objects.refused).toBe(1);
  });

  it('can shrink and not grow while they are full, or memory is', async () => {
    const { objects } = store();
    const { object: found, user } = await use(objects, 'chat');
    const object = opened(found);
    set(objects, object, user, 'x', amf('value'));
    user.take();
    const { options } = objects;
    objects.change({ ...options, maxTotalBytes: objects.bytes });
    set(objects, object, user, 'x', amf('other'));
    expect(user.take()[0]).toBe('status SharedObject.NoWriteAccess');
    objects.change(options);
    memory.isOver = true;
    set(objects, object, user, 'x', amf('other'));
    expect(user.take()[0]).toBe('status SharedObject.NoWriteAccess');
    objects.apply(object, user, [{ kind: 'requestRemove', name: 'x' }]);
    expect([user.take(), object.slots.size, objects.refused]).toEqual([['remove x'], 0, 2]);
    memory.isOver = false;
    expect(objects.clear(object)).toBe(0);
  });

  it('tell changes of one object once a second, and count them', async () => {
    const { objects, news } = store();
    const { object: found, user } = await use(objects, 'chat');
    const object = opened(found);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) set(objects, object, user, 'x', amf(i));
      objects.apply(object, user, [{ kind: 'send', values: amf('say') }]);
      pass(objects, 4);
    }
    const changed = news.filter(({ verb }) => verb === 'changed');
    expect(changed.length).toBeLessThanOrEqual(4);
    expect(changed.reduce((sum, { changes }) => sum + changes, 0)).toBe(30);
    expect(changed.reduce((sum, { sends }) => sum + sends, 0)).toBe(3);
  });

  it('tell no more of themselves than a rate, however many come and go', async () => {
    const { objects, news } = store();
    for (let i = 0; i < 1000; i++) {
      const { object, user } = await use(objects, `n${i}`);
      objects.release(opened(object), user);
    }
    expect(news).toHaveLength(200);
    expect(objects.suppressedNews).toBe(1800);
  });
});

describe('persistent shared objects', () => {
  it('leave memory with their last client, and come back from their file', async () => {
    const { files, folder } = await newFiles();
    const { objects, news } = store({}, files);
    const { object: found, user } = await use(objects, 'scores', { isPersistent: true });
    set(objects, opened(found), user, 'ann', amf(7));
    objects.release(opened(found), user);
    expect(objects.size).toBe(1);
    await objects.close();
    expect([objects.size, objects.bytes, readdirSync(folder).length]).toEqual([0, 0, 1]);
    const later = store({}, await ObjectFiles.open(folder));
    const again = await use(later.objects, 'scores', { isPersistent: true });
    expect(again.user.take()).toEqual(['useSuccess', 'clear', `change ann=${amf(7).toString('hex')}`]);
    expect([news.map(({ verb }) => verb), later.news]).toEqual([['created', 'released'], []]);
    expect(later.objects.open({ app: 'live', name: 'scores', isPersistent: false })).toBe(
      'SharedObject.BadPersistence',
    );
  });

  it('are read once for clients that come at the same time', async () => {
    const { files, folder } = await newFiles();
    const first = store({}, files);
    const { object, user } = await use(first.objects, 'scores', { isPersistent: true });
    set(first.objects, opened(object), user, 'ann', amf(1));
    await first.objects.close();
    const { objects } = store({}, await ObjectFiles.open(folder));
    const [a, b] = await Promise.all([1, 2].map(() => use(objects, 'scores', { isPersistent: true })));
    expect([a!.object === b!.object, opened(a!.object).users]).toEqual([true, 2]);
  });

  it('are written once a second at most while they change', async () => {
    const { files } = await newFiles();
    const { objects } = store({}, files);
    let written = 0;
    files.write = () => {
      written++;
      return Promise.resolve();
    };
    const { object: found, user } = await use(objects, 'scores', { isPersistent: true });
    for (let i = 0; i < 12; i++) {
      set(objects, opened(found), user, 'ann', amf(i));
      pass(objects, 1);
      await Promise.resolve();
    }
    expect(written).toBe(3);
  });

  it('without slots have no file once nobody uses them', async () => {
    const { files, folder } = await newFiles();
    const { objects } = store({ maxFiles: 1 }, files);
    const { object, user } = await use(objects, 'a', { isPersistent: true });
    expect(objects.open({ app: 'live', name: 'b', isPersistent: true })).toBe('SharedObject.ObjectCreationFailed');
    objects.release(opened(object), user);
    await objects.close();
    expect([readdirSync(folder), files.count]).toEqual([[], 0]);
    expect(opened(await objects.open({ app: 'live', name: 'b', isPersistent: true })).name).toBe('b');
  });

  it('begin anew when their file is damaged', async () => {
    const { files, folder } = await newFiles();
    const first = store({}, files);
    const { object, user } = await use(first.objects, 'scores', { isPersistent: true });
    set(first.objects, opened(object), user, 'ann', amf(1));
    await first.objects.close();
    writeFileSync(join(folder, readdirSync(folder)[0]!), 'torn');
    const { objects } = store({}, await ObjectFiles.open(folder));
    const again = await use(objects, 'scores', { isPersistent: true });
    expect(again.user.take()).toEqual(['useSuccess', 'clear']);
  });

  it('that cannot be written stay in memory until they can', async () => {
    const { files, folder } = await newFiles();
    const { objects } = store({}, files);
    const { object: found, user } = await use(objects, 'scores', { isPersistent: true });
    set(objects, opened(found), user, 'ann', amf(1));
    rmSync(folder, { recursive: true });
    objects.release(opened(found), user);
    await objects.close();
    expect(objects.size).toBe(1);
    await ObjectFiles.open(folder);
    await objects.close();
    expect([objects.size, readdirSync(folder).length]).toEqual([0, 1]);
  });
});
