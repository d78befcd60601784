import { describe, expect, it } from 'vitest';
import { LiveSettings } from '../../../src/config/live-settings.js';
import type { Config, DeepPartial } from '../../../src/config/table.js';
import { systemClock } from '../../../src/core/clock.js';
import { createLogger } from '../../../src/core/log.js';
import { Places } from '../../../src/server/places.js';
import { makeCertificate } from '../../support/transport/certificates.js';

const files = makeCertificate(['media.example']);
const CAM = { app: 'live', name: 'cam' };

/** A server whose listeners got ports 1000 and 2000. */
async function places(given: DeepPartial<Config>): Promise<{ readonly settings: LiveSettings; readonly at: Places }> {
  const settings = new LiveSettings({ given });
  const at = new Places(settings, createLogger({ level: 'silent' }), systemClock);
  await at.rtmpsFiles.open();
  const secure = settings.config.rtmps.listen === 'off' ? undefined : { host: '127.0.0.1', port: 2000 };
  await at.listen({
    listen: () => Promise.resolve({ host: '127.0.0.1', port: 1000 }),
    listenSecure: () => Promise.resolve(secure),
  });
  return { settings, at };
}

describe('the URLs of a stream', () => {
  const rtmp = 'rtmp://127.0.0.1:1000/live/cam';

  it.each<[string, DeepPartial<Config>, object]>([
    ['are for RTMP alone without a certificate', {}, { rtmp }],
    ['name the port of all', { rtmps: files }, { rtmp, rtmps: 'rtmps://127.0.0.1:1000/live/cam' }],
    ['are for RTMP alone when the port takes nothing else', { rtmp: { sniff: false }, rtmps: files }, { rtmp }],
    [
      'name the port for TLS alone',
      { rtmps: { ...files, listen: '127.0.0.1:0' } },
      { rtmp, rtmps: 'rtmps://127.0.0.1:2000/live/cam' },
    ],
    [
      'have the host that is advertised for RTMP',
      { rtmp: { advertise: 'm.example:7' }, rtmps: { ...files, listen: '127.0.0.1:0' } },
      { rtmp: 'rtmp://m.example:7/live/cam', rtmps: 'rtmps://m.example:2000/live/cam' },
    ],
    [
      'have the host that is advertised for RTMPS',
      { rtmps: { ...files, advertise: 's.example:443' } },
      { rtmp, rtmps: 'rtmps://s.example:443/live/cam' },
    ],
    [
      'have the port of the listener where only a host is advertised',
      { rtmps: { ...files, advertise: 's.example', listen: '127.0.0.1:0' } },
      { rtmp, rtmps: 'rtmps://s.example:2000/live/cam' },
    ],
  ])('%s', async (_, given, urls) => {
    expect((await places(given)).at.urls(CAM)).toEqual(urls);
  });

  it('follow the settings', async () => {
    const { settings, at } = await places({ rtmps: files });
    expect(at.urls(CAM).rtmps).toBe('rtmps://127.0.0.1:1000/live/cam');
    await settings.set({ rtmps: { advertise: 's.example:443' } });
    expect(at.urls(CAM).rtmps).toBe('rtmps://s.example:443/live/cam');
    await settings.set({ rtmps: { cert: '', key: '' } });
    expect(at.urls(CAM).rtmps).toBeUndefined();
  });
});

it('the addresses are shown with their ports', async () => {
  expect((await places({})).at.shown).toEqual({ rtmp: '127.0.0.1:1000' });
  expect((await places({ rtmps: { ...files, listen: '127.0.0.1:0' } })).at.shown).toEqual({
    ...{ rtmp: '127.0.0.1:1000', rtmps: '127.0.0.1:2000' },
  });
});
