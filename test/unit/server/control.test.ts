import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import { checkHttpBind } from '../../../src/server/control.js';

const check = (http: { listen: string; token?: string; tokens?: never[] }) =>
  checkHttpBind(resolveConfig({ http }).http);

describe('HTTP without a token', () => {
  it('listens where only this machine reaches it, or not at all', () => {
    for (const listen of ['127.0.0.1:0', '127.9.9.9:80', '[::1]:0', 'localhost:80', 'off']) {
      expect(() => check({ listen })).not.toThrow();
    }
  });

  it.each(['0.0.0.0:0', '192.0.2.7:80', '[::]:80', '[2001:db8::1]:80', 'media.example:80'])('refuses %s', (listen) => {
    expect(() => check({ listen })).toThrow(
      expect.objectContaining({
        code: 'ERR_HTTP_OPEN_PUBLIC_BIND',
        message: expect.stringMatching(/SLUICE_HTTP_TOKEN/),
      }),
    );
    expect(() => check({ listen, token: 'secret' })).not.toThrow();
  });
});
