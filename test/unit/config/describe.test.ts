import { describe, expect, it } from 'vitest';
import { describeJson, shownSettings } from '../../../src/config/describe.js';
import { loadConfig } from '../../../src/config/load.js';

describe('settings as they are shown', () => {
  it('have secrets masked, and URLs without user, password and query', () => {
    const loaded = loadConfig({
      given: {
        nats: { url: 'nats://u:hunter1@a:4222,nats://b:4222', password: 'hunter2' },
        auth: {
          webhook: { url: 'https://u:hunter3@c/ask?key=hunter4', secret: 'hunter5' },
          jwt: { jwks: 'https://u:hunter6@d/keys?key=hunter7', audience: 'live' },
        },
      },
    });
    expect(describeJson(loaded)).not.toContain('hunter');
    const shown = shownSettings(loaded);
    expect(shown['auth.jwt.jwks']?.value).toBe('https://***@d/keys?***');
    expect(shown['nats.url']?.value).toBe('nats://***@a:4222,nats://b:4222');
    expect(shown['nats.password']?.value).toBe('***');
  });

  it('have the path of a key set as it is', () => {
    const loaded = loadConfig({ given: { auth: { jwt: { jwks: '/etc/sluice/keys.json', audience: 'live' } } } });
    expect(shownSettings(loaded)['auth.jwt.jwks']?.value).toBe('/etc/sluice/keys.json');
  });

  it('are not quoted in the refusal of a value where they may hold a password', () => {
    const load = () => loadConfig({ changes: { 'auth.jwt.jwks': { url: 'https://u:hunter1@d' } } });
    expect(load).toThrow(/^(?!.*hunter)/s);
  });
});
