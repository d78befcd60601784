import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileStore } from '../../../src/recording/file-store.js';
import { RecordingList } from '../../../src/recording/recording-list.js';
import { writeFlv } from '../../support/flv.js';
import { tempDir } from '../../support/temp.js';

const ID = '01M8D218ZKVXK8WJCSA2GXGXFE';

function setUp() {
  const root = tempDir('recordings');
  const clock = { nowMs: 0 };
  const put = (path: string, lastMs = 4000): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    const tags = [0, lastMs].map((timestamp) => ({ type: 9, timestamp, payload: Buffer.alloc(20) }));
    writeFileSync(file, writeFlv(tags));
    return path;
  };
  return { root, clock, put, list: new RecordingList(root, () => clock.nowMs) };
}

const named = (app: string, name: string, hour: number, more = '') =>
  `${app}/${name}/20261126T${String(hour).padStart(2, '0')}5301Z-${ID}${more}`;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the list of recordings', () => {
  it('has the newest first, with what their names and their ends say', async () => {
    const { put, list } = setUp();
    put(named('live', 'cam1', 8, '.flv'));
    put(named('live', 'cam=201', 9, '-2.flv.part'), 0x1_00_00_10);
    const { recordings, cursor, isPartial } = await list.list({ limit: 10 });
    expect([cursor, isPartial]).toEqual([undefined, undefined]);
    expect(recordings).toEqual([
      {
        ...{ app: 'live', name: 'cam 1', streamId: ID, startedAt: '2026-11-26T09:53:01.000Z', isOpen: true },
        ...{ durationMs: 0x1_00_00_10, bytes: 83, path: named('live', 'cam=201', 9, '-2.flv.part') },
      },
      {
        ...{ app: 'live', name: 'cam1', streamId: ID, startedAt: '2026-11-26T08:53:01.000Z', isOpen: false },
        ...{ durationMs: 4000, bytes: 83, path: named('live', 'cam1', 8, '.flv') },
      },
    ]);
  });

  it('comes in pages, of one app or name where that is asked for', async () => {
    const { put, list } = setUp();
    const paths = [1, 2, 3, 4, 5].map((hour) => put(named('live', `cam${hour % 2}`, hour, '.flv')));
    put(named('other', 'cam1', 6, '.flv'));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list.list({ limit: 2, cursor, app: 'live' });
      seen.push(...page.recordings.map(({ path }) => path));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(paths.reverse());
    const ofName = await list.list({ limit: 10, name: 'cam0' });
    expect(ofName.recordings.map(({ path }) => path)).toEqual([paths[1], paths[3]]);
  });

  it('leaves out whatever no recorder has made, and follows no link', async () => {
    const { root, put, list } = setUp();
    for (const path of ['video.flv', 'live/video.flv', 'live/cam1/video.flv', 'live/cam1/.x.flv']) put(path);
    put(`live/cam1/deep/20261126T085301Z-${ID}.flv`);
    const outside = setUp();
    outside.put(named('live', 'secret', 9, '.flv'));
    symlinkSync(join(outside.root, 'live/secret'), join(root, 'live/linked'));
    symlinkSync(join(outside.root, named('live', 'secret', 9, '.flv')), join(root, named('live', 'cam1', 9, '.flv')));
    expect((await list.list({ limit: 10 })).recordings).toEqual([]);
    await expect(list.open(named('live', 'linked', 9, '.flv'))).rejects.toMatchObject({ code: 'ERR_MEDIA_PATH' });
    await expect(list.open(named('live', 'cam1', 9, '.flv'))).rejects.toMatchObject({ code: 'ERR_MEDIA_PATH' });
    await expect(list.open('live/cam1/video.flv')).rejects.toMatchObject({ code: 'ERR_MEDIA_MISSING' });
    await expect(list.open('../x/y')).rejects.toMatchObject({ code: 'ERR_MEDIA_PATH' });
  });

  it('leaves out what this user may not read, and is there all the same', async () => {
    const { root, put, list } = setUp();
    const kept = put(named('live', 'cam1', 8, '.flv'));
    const shut = put(named('live', 'cam1', 9, '.flv'));
    mkdirSync(join(root, 'lost+found'));
    const { list: listed, read } = FileStore.prototype;
    const denied = () => Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' }));
    vi.spyOn(FileStore.prototype, 'list').mockImplementation(function (this: FileStore, path, most) {
      return path === 'lost+found' ? denied() : listed.call(this, path, most);
    });
    vi.spyOn(FileStore.prototype, 'read').mockImplementation(function (this: FileStore, path) {
      return path === shut ? denied() : read.call(this, path);
    });
    expect((await list.list({ limit: 10 })).recordings.map(({ path }) => path)).toEqual([kept]);
    await expect(list.open(shut)).rejects.toMatchObject({ code: 'ERR_MEDIA_MISSING' });
  });

  it('looks at no more than 20,000 entries, and says so', async () => {
    const { root, list } = setUp();
    mkdirSync(join(root, 'live/cam1'), { recursive: true });
    vi.spyOn(FileStore.prototype, 'list').mockImplementation(async (path, most = 0) => {
      if (path === '') return [{ name: 'live', kind: 'folder' }];
      if (path === 'live') return [{ name: 'cam1', kind: 'folder' }];
      const name = (at: number) => `20261126T085301Z-${ID}-${at % 1000}.flv`;
      return Array.from({ length: most }, (_, at) => ({ name: name(at), kind: 'file' as const }));
    });
    const { recordings, isPartial } = await list.list({ limit: 1 });
    expect([recordings, isPartial]).toEqual([[], true]);
    expect(vi.mocked(FileStore.prototype.list).mock.calls.map(([, most]) => most)).toEqual([20_000, 19_999, 19_998]);
  });

  it('is looked for once at a time, however long the disk takes', async () => {
    const { clock, put, list } = setUp();
    put(named('live', 'cam1', 8, '.flv'));
    const listed = vi.spyOn(FileStore.prototype, 'list');
    const first = list.list({ limit: 10 });
    clock.nowMs = 60_000;
    const [one, other] = await Promise.all([first, list.list({ limit: 10 })]);
    expect([one.recordings.length, other.recordings.length, listed.mock.calls.length]).toEqual([1, 1, 3]);
  });

  it('is empty where there is no folder, and makes none', async () => {
    const list = new RecordingList(join(tempDir('none'), 'media'), () => 0);
    expect(await list.list({ limit: 10 })).toEqual({ recordings: [] });
    await expect(list.open(named('live', 'cam1', 9, '.flv'))).rejects.toMatchObject({ code: 'ERR_MEDIA_MISSING' });
  });

  it('is found anew after two seconds, and knows no length of a file that is cut', async () => {
    const { root, clock, put, list } = setUp();
    const path = put(named('live', 'cam1', 8, '.flv'));
    expect((await list.list({ limit: 10 })).recordings).toHaveLength(1);
    put(named('live', 'cam1', 9, '.flv'));
    expect((await list.list({ limit: 10 })).recordings).toHaveLength(1);
    writeFileSync(join(root, path), 'FLV');
    clock.nowMs = 2000;
    const { recordings } = await list.list({ limit: 10 });
    expect(recordings.map(({ bytes, durationMs }) => [bytes, durationMs])).toEqual([
      [83, 4000],
      [3, undefined],
    ]);
  });
});
