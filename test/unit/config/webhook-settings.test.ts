import { describe, expect, it } from 'vitest';
import { describeYaml } from '../../../src/config/describe.js';
import { loadConfig, resolveConfig } from '../../../src/config/load.js';

const url = 'https://hooks.example/in';
const given = (...webhooks: object[]) => ({ webhooks: webhooks as never });
const problem = (...webhooks: object[]): string => {
  try {
    resolveConfig(given(...webhooks));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('webhooks in the settings', () => {
  it('take a name and a URL, and have a default for the rest', () => {
    expect(resolveConfig(given({ name: 'billing', url })).webhooks).toEqual([
      {
        ...{ name: 'billing', url, types: ['**'], match: '**', secret: '', format: 'cloudevents' },
        ...{ retryFor: 86_400_000, timeoutMs: 5000, deadLetterBytes: 16 << 20 },
      },
    ]);
    expect(resolveConfig().webhooks).toEqual([]);
  });

  it('understand durations, one type instead of a list, and the environment', () => {
    const text = `[{"name":"a","url":"${url}","types":"stream.*, play.*","retryFor":"2h","timeoutMs":"3s"}]`;
    const { config } = loadConfig({ env: { SLUICE_WEBHOOKS: text } });
    expect(config.webhooks[0]).toMatchObject({ types: ['stream.*', 'play.*'], retryFor: 7_200_000, timeoutMs: 3000 });
  });

  it('may be in a private network, and nowhere that keeps credentials of the machine', () => {
    for (const host of ['127.0.0.1:9000', '10.0.0.7', '[::1]:8080', 'app.internal'])
      expect(problem({ name: 'a', url: `http://${host}/in` }), host).toBe('');
    for (const host of ['169.254.169.254', '[fe80::1]', '[::ffff:169.254.169.254]'])
      expect(problem({ name: 'a', url: `http://${host}/` }), host).toContain('link-local');
  });

  it.each([
    [{ name: 'a', url: 'ftp://example.org' }, 'http or https'],
    [{ name: 'a', url: 'not a url' }, 'http or https'],
    [{ name: 'a', url: 'https://user:hunter2@example.org' }, 'without user'],
    [{ name: '../a', url }, 'letters, digits'],
    [{ name: 'a' }, '[1].url'],
    [{ name: 'a', url, type: 'stream.*' }, 'type is no member of a webhook, did you mean types?'],
    [{ name: 'a', url, retryForMs: 5 }, 'did you mean retryFor?'],
    [{ name: 'a', url, format: 'json' }, 'format'],
    [{ name: 'a', url, types: [] }, 'types'],
    [{ name: 'a', url, timeoutMs: 1 }, 'timeoutMs'],
    [{ name: 'a', url, retryFor: 'soon' }, 'duration'],
  ])('refuse %j', (webhook, what) => {
    const text = problem(webhook);
    expect(text).toContain(what);
    expect(text).not.toContain('hunter2');
  });

  it('have names that differ by more than the case of letters', () => {
    expect(problem({ name: 'a', url }, { name: 'A', url })).toContain('another has this name');
    expect(problem(...Array.from({ length: 33 }, (_, i) => ({ name: `w${i}`, url })))).toContain('at most 32');
  });

  it('are masked where settings are shown', () => {
    const shown = describeYaml(loadConfig({ given: given({ name: 'a', url, secret: 'hunter2hunter2' }) }));
    expect(shown).toContain('webhooks: "***"');
    expect(shown).not.toContain('hunter2');
  });
});
