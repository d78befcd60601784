import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import type { Config, DeepPartial } from '../../../src/config/table.js';
import { ServerAdmission } from '../../../src/server/admission.js';
import { FINGERPRINT, HandClock, logTo, NAMES, question } from '../../support/admission/chain-harness.js';

const RULE = { decision: 'allow' } as const;

function admission(given: DeepPartial<Config>) {
  const lines: string[] = [];
  const origin = { nodeId: 'n', bootId: 'b', fingerprint: FINGERPRINT };
  const deps = { ...origin, clock: new HandClock(), log: logTo(lines), names: NAMES };
  return { made: new ServerAdmission(resolveConfig(given), { ...deps, nats: undefined }), lines };
}

describe('admission of a server', () => {
  it('does not start where others can reach it and nobody is asked who may publish, unless that is wanted', () => {
    const rtmp = { listen: '0.0.0.0:1935' };
    const webhook = { url: 'http://127.0.0.1:1/', actions: ['play'] } as const;
    for (const given of [{ rtmp }, { rtmp, auth: { webhook } }])
      expect(() => admission(given)).toThrow(expect.objectContaining({ code: 'ERR_AUTH_OPEN_PUBLIC_BIND' }));
    for (const given of [{ rtmp, auth: { allowAnonymousPublish: true } }, { rtmp, auth: { rules: [RULE] } }, {}])
      expect(() => admission(given)).not.toThrow();
  });

  it('says at the start that anybody can publish only where that is so', () => {
    const rtmp = { listen: '0.0.0.0:1935' };
    const allowAnonymousPublish = true;
    expect(admission({ rtmp, auth: { allowAnonymousPublish } }).lines.join()).toContain('ANYONE');
    expect(admission({ rtmp, auth: { allowAnonymousPublish, rules: [RULE] } }).lines).toEqual([]);
    expect(admission({}).lines).toEqual([]);
  });

  it('says at the start when nobody can publish to an app whose names are keys', () => {
    expect(admission({ auth: { nameIsKey: ['live'] } }).lines.join()).toContain('ERR_AUTH_ALIAS_MISSING');
    expect(admission({ auth: { nameIsKey: ['live'], rules: [RULE] } }).lines).toEqual([]);
  });

  it('takes the responders in the order of the settings, else those that have settings', async () => {
    const signed = { keys: [{ id: 'k', secret: 'a secret of sixteen' }] };
    const names = async (given: DeepPartial<Config>) => {
      const test = {
        action: 'publish',
        app: 'a',
        name: 'b',
        query: '',
        address: '127.0.0.1',
        transport: 'rtmp',
      } as const;
      return (await admission(given).made.explain(test)).responders.map(({ name }) => name);
    };
    expect(await names({})).toEqual(['bans']);
    expect(await names({ auth: { signed, rules: [RULE] } })).toEqual(['bans', 'rules', 'signed']);
    const responders = ['signed', 'bans', 'rules', 'signed'] as const;
    expect(await names({ auth: { signed, rules: [RULE], responders } })).toEqual(['bans', 'signed', 'rules']);
  });

  it('puts other settings in place while it runs, and keeps the old ones when those cannot be used', () => {
    const { made } = admission({ auth: { rules: [{ decision: 'deny' }] } });
    const decision = () => made.chain.decide(question());
    expect(decision()).toMatchObject({ decision: 'deny' });
    const reload = (given: DeepPartial<Config>) => {
      const config = resolveConfig(given);
      made.settings.check!(config, ['auth.rules', 'names.maxBytes']);
      made.settings.apply(config, ['auth.rules', 'names.maxBytes']);
    };
    expect(() => reload({ auth: { rules: [{ decision: 'redirect' }] } })).toThrow('rule 1');
    expect(() => reload({ rtmp: { listen: '[::]:1' } })).toThrow('anybody could publish');
    expect(decision()).toMatchObject({ decision: 'deny' });
    reload({ auth: { rules: [RULE] } });
    expect(decision()).toMatchObject({ decision: 'allow' });
  });

  it('ends what a new ban names', async () => {
    const { made } = admission({});
    const ended: unknown[] = [];
    const subjects = [
      { principal: 'anna', keyFingerprint: undefined, address: '192.0.2.7', app: 'live', name: 'cam1' },
      { principal: 'bert', keyFingerprint: 'abcdef01', address: '192.0.2.8', app: 'live', name: 'cam2' },
    ];
    const endMatching = (matches: (of: (typeof subjects)[number]) => boolean, code: string, reason: string) =>
      ended.push([subjects.filter(matches).map(({ name }) => name), code, reason]);
    made.endBanned({ commands: { endMatching } } as unknown as Parameters<typeof made.endBanned>[0]);
    const ban = {
      kind: 'name',
      value: 'live/cam2',
      untilMs: new HandClock().wallMs() + 1000,
      reason: 'spam',
      by: 'me',
    } as const;
    await made.bans.add(ban);
    expect(ended).toEqual([[['cam2'], 'ERR_AUTH_BANNED', 'spam']]);
    expect(made.degraded).toEqual([]);
  });
});
