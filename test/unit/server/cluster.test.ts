import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import { clusterOptions } from '../../../src/server/cluster.js';

const SECRET = '0123456789abcdef';

function optionsOf(cluster: object, url = 'nats://127.0.0.1:4222', rest: object = {}) {
  return clusterOptions(resolveConfig({ cluster, nats: { url }, ...rest }));
}

describe('the settings of a cluster', () => {
  it('are none unless it is on', () => {
    expect(optionsOf({ secret: SECRET })).toBeUndefined();
  });

  it('need a secret of 16 bytes, and NATS', () => {
    expect(optionsOf({ enabled: true, secret: SECRET })).toMatchObject({
      secret: SECRET,
      role: 'any',
      suspectMs: 3000,
    });
    expect(() => optionsOf({ enabled: true, secret: SECRET.slice(1) })).toThrow('cluster.secret has 15 bytes');
    expect(() => optionsOf({ enabled: true, secret: SECRET }, '')).toThrow('nats.url is not set');
  });

  it('promise others TLS only where a port takes it', () => {
    const secure = (rest: object) => () =>
      optionsOf({ enabled: true, secret: SECRET, tls: 'on' }, 'nats://127.0.0.1:4222', rest);
    const rtmps = { cert: 'cert.pem', key: 'key.pem' };
    expect(secure({})).toThrow('cluster.tls is on, and neither rtmps.cert nor rtmps.certificates');
    expect(secure({ rtmps, rtmp: { sniff: 'off' } })).toThrow('both rtmps.listen and rtmp.sniff are off');
    expect(secure({ rtmps })()).toMatchObject({ isSecure: true });
    expect(secure({ rtmps: { ...rtmps, listen: '127.0.0.1:0' }, rtmp: { sniff: 'off' } })()).toMatchObject({
      isSecure: true,
    });
  });

  it('say where others reach this node', () => {
    const at = (advertise: string) => optionsOf({ enabled: true, secret: SECRET, advertise })?.advertise(1935);
    expect(at('')).toBeUndefined();
    expect(at('media-1.example.org')).toEqual({ host: 'media-1.example.org', port: 1935 });
    expect(at('[2001:db8::1]:2000')).toEqual({ host: '2001:db8::1', port: 2000 });
  });
});
