import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import { listenerOptions, mediaRoot } from '../../../src/server/options.js';

describe('the folder of media', () => {
  it('lies in the data folder, unless the setting names another', () => {
    expect(mediaRoot(resolveConfig({ data: '/d' }))).toBe(join('/d', 'media'));
    expect(mediaRoot(resolveConfig({ data: '/d', media: { root: '/m' } }))).toBe('/m');
  });
});

describe('the options of the listener', () => {
  it('say whether RTMPE is served: it is, unless the setting says otherwise', () => {
    expect(listenerOptions(resolveConfig({})).encrypted).toBe(true);
    expect(listenerOptions(resolveConfig({ rtmpe: { enabled: false } })).encrypted).toBe(false);
  });
});
