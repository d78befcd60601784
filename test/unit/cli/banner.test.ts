import { describe, expect, it } from 'vitest';
import { banner } from '../../../src/cli/banner.js';
import { resolveConfig } from '../../../src/config/load.js';

describe('banner', () => {
  it('tells where to publish, play, and see events, without the default port and without secrets', () => {
    const config = resolveConfig({ nats: { url: 'nats://u:canary@127.0.0.1:4222' } });
    const text = banner(config, { host: '127.0.0.1', port: 1935 }, { host: '127.0.0.1', port: 8080 });
    expect(text).toContain('listening on rtmp://127.0.0.1:1935 and http://127.0.0.1:8080\n');
    expect(text).toContain('-f flv rtmp://127.0.0.1/live/cam1\n');
    expect(text).toMatch(/sluice events {2,}\(or http:\/\/127\.0\.0\.1:8080\/v1\/events\)/);
    expect(text).toContain('publish --test rtmp://127.0.0.1/live/cam1 ');
    expect(text).toContain('  look      http://127.0.0.1:8080/\n');
    expect(text).toContain("nats sub 'sluice.v1.evt.>'");
    expect(text).not.toContain('canary');
  });

  it('names no page where there is none', () => {
    const config = resolveConfig({ http: { page: false } });
    const text = banner(config, { host: '127.0.0.1', port: 1935 }, { host: '127.0.0.1', port: 8080 });
    expect(text).not.toContain('look');
  });

  it('gives an address that can be dialled for one that stands for all, and goes without HTTP when that is off', () => {
    const text = banner(resolveConfig(), { host: '0.0.0.0', port: 1936 }, undefined);
    expect(text).toMatch(/ffplay rtmp:\/\/(?!0\.0\.0\.0)[\d.]+:1936\/live\/cam1/);
    expect(text).not.toContain('http');
    expect(banner(resolveConfig(), { host: '::1', port: 1 }, undefined)).toContain('rtmp://[::1]:1/live');
  });
});
