import { describe, expect, it } from 'vitest';
import { makeResponders } from '../../../src/admission/make-responders.js';
import { loadConfig } from '../../../src/config/load.js';
import { silentLogger } from '../../../src/core/log.js';
import { HandClock } from '../../support/admission/chain-harness.js';

const deps = { clock: new HandClock(), log: silentLogger, nats: undefined };
const SIGNED = { keys: [{ id: 'k1', secret: 'a secret of many letters' }] };
const JWT = { audience: 'sluice', keys: [{ alg: 'HS256', secret: 'a secret of thirty-two characters' }] };
const configOf = (auth: object) => loadConfig({ changes: { auth }, env: {} }).config;

describe('responders', () => {
  it('are those that have settings, in the usual order, or those that are named', () => {
    const named = (auth: object) => makeResponders(configOf(auth), deps).map(({ name }) => name);
    expect(named({})).toEqual([]);
    expect(named({ jwt: JWT, signed: SIGNED })).toEqual(['signed', 'jwt']);
    expect(named({ jwt: JWT, signed: SIGNED, responders: ['bans', 'jwt'] })).toEqual(['jwt']);
  });

  it('stay when their own settings are the same, and are made anew when these are others', () => {
    const before = makeResponders(configOf({ jwt: JWT, signed: SIGNED }), deps);
    const limited = configOf({ jwt: JWT, signed: SIGNED, limits: { kbps: 5000 } });
    expect(makeResponders(limited, deps, before)).toEqual(before);
    expect(makeResponders(limited, deps, before).map((made, i) => made === before[i])).toEqual([true, true]);
    const others = makeResponders(configOf({ jwt: JWT, signed: { ...SIGNED, skewMs: 1 } }), deps, before);
    expect(others.map((made, i) => made === before[i])).toEqual([false, true]);
  });
});
