import { describe, expect, it } from 'vitest';
import { reloadOf } from '../../../src/config/changes.js';
import { ROWS } from '../../../src/config/table.js';
import { VOD_SETTINGS } from '../../../src/config/vod-settings.js';
import { hubOptions, listenerOptions, liveStreamsOptions } from '../../../src/server/options.js';
import { applyTo } from '../../../src/server/settings-users.js';

/** Groups whose owner is a user of its own, and settings that are read where they are needed. */
const ELSEWHERE =
  /^(?:auth\.|webhooks$|publish\.conflict$|http\.(?:tokens?|failuresPerMinutePerIp)$|log\.level$|rtmp\.advertise$|rtmps\.|shutdown\.deadlineMs$|node\.watchConfig$)/;

/** The settings that are read of a configuration while `read` runs, by full key. */
function readBy(read: (config: never) => unknown): ReadonlySet<string> {
  const keys = new Set<string>();
  const known = new Map(ROWS.map(({ key, setting }) => [key, setting.default]));
  const groupAt = (prefix: string): object =>
    new Proxy(
      {},
      {
        get: (_, name) => {
          const key = prefix === '' ? String(name) : `${prefix}.${String(name)}`;
          if (!known.has(key)) return groupAt(key);
          keys.add(key);
          return known.get(key);
        },
      },
    );
  read(groupAt('') as never);
  return keys;
}

describe('settings that change while the server runs', () => {
  it('are handed to a part, each of them', () => {
    const told: string[] = [];
    const part = (name: string) => ({ change: () => void told.push(name) });
    const names = {
      change: (options: object) => {
        for (const member of ['allow', 'maxBytes', 'allowEmpty']) Reflect.get(options, member);
      },
    };
    const parts = {
      listener: part('listener'),
      tunnel: part('tunnel'),
      hub: part('hub'),
      flv: part('flv'),
      liveStreams: part('liveStreams'),
      recorded: {
        change: (options: object) => {
          told.push('recorded');
          for (const member of Object.keys(VOD_SETTINGS)) Reflect.get(options, member);
        },
      },
      objects: part('objects'),
      rpc: part('rpc'),
      recordings: part('recordings'),
      relays: part('relays'),
      names,
      door: {},
      memory: {},
    };
    const read = readBy((config) => applyTo(parts as never, config));
    expect(told).toEqual([
      'listener',
      'tunnel',
      'hub',
      'flv',
      'liveStreams',
      'recorded',
      'objects',
      'relays',
      'rpc',
      'recordings',
    ]);
    const changing = ROWS.filter(({ setting }) => reloadOf(setting) !== 'restart').map(({ key }) => key);
    expect(changing.filter((key) => !ELSEWHERE.test(key) && !read.has(key))).toEqual([]);
  });

  it('are not those that are read once', () => {
    const restart = new Set(ROWS.filter(({ setting }) => reloadOf(setting) === 'restart').map(({ key }) => key));
    const once = [
      'rtmp.listen',
      'rtmps.listen',
      'rtmp.chunkSize',
      'publish.unwatchedReadMs',
      'log.faultLinesPerSecond',
      'data',
      'nats.url',
    ];
    expect(once.filter((key) => !restart.has(key))).toEqual([]);
    // Options of the parts hold these as well; they keep their value until the restart.
    const read = readBy((config) => [listenerOptions(config), hubOptions(config), liveStreamsOptions(config)]);
    expect([...read].filter((key) => restart.has(key)).sort()).toEqual([
      'log.faultLinesPerSecond',
      'nats.url',
      'publish.unwatchedReadMs',
      'rtmp.chunkSize',
      'rtmp.listen',
      'rtmps.listen',
    ]);
  });
});
