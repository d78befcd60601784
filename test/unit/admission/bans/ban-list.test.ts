import { describe, expect, it } from 'vitest';
import { BanList } from '../../../../src/admission/bans/ban-list.js';
import type { Ban } from '../../../../src/model/ban.js';
import { HandClock, logTo } from '../../../support/admission/chain-harness.js';

function listOn() {
  const clock = new HandClock();
  const lines: string[] = [];
  const list = new BanList(clock, logTo(lines));
  const ban = (value: string, forMs = 1000): Ban => ({
    ...{ kind: 'principal', value, untilMs: clock.wallMs() + forMs, reason: 'r', by: 'b' },
  });
  return { clock, list, ban, lines };
}

describe('the list of bans', () => {
  it('holds a ban when add returns, tells it once, and says whether it is stored', async () => {
    const { list, ban } = listOn();
    const told: string[] = [];
    list.onAdded(({ value }) => told.push(value));
    const added = list.add(ban('anna'));
    expect(list.match({ principal: 'anna' })?.value).toBe('anna');
    expect(await added).toMatchObject({ stored: false });
    list.keepIn({
      put: async () => true,
      remove: async () => true,
      sweep: () => undefined,
      close: async () => undefined,
    });
    expect(await list.add(ban('anna', 5000))).toMatchObject({ stored: true });
    expect(told).toEqual(['anna']);
    expect(await list.add(ban('bert', 0))).toBeUndefined();
    expect(await list.remove('principal', 'anna')).toBe(true);
    expect(await list.remove('principal', 'anna')).toBe(false);
  });

  it('tells a ban again that was over, also before it is swept', async () => {
    const { list, clock, ban } = listOn();
    const told: string[] = [];
    list.onAdded(({ value }) => told.push(value));
    await list.add(ban('anna'));
    clock.ms += 1000;
    await list.add(ban('anna'));
    expect(told).toEqual(['anna', 'anna']);
  });

  it('has bans on guessers that are neither stored nor told, and hold for their time', () => {
    const { list, clock, lines } = listOn();
    const told: unknown[] = [];
    list.onAdded((ban) => told.push(ban));
    list.banGuesser('192.0.2.7', clock.wallMs() + 60_000);
    expect(list.match({ address: '192.0.2.7' })?.by).toBe('sluice');
    expect([list.kept(), told, list.list().length, lines.length]).toEqual([[], [], 1, 1]);
    clock.ms += 60_000;
    expect(list.match({ address: '192.0.2.7' })).toBeUndefined();
    list.tick(clock.ms);
    expect(list.size).toBe(0);
  });

  it('sweeps what is over every ten seconds, and goes on when a listener fails', async () => {
    const { list, clock, ban, lines } = listOn();
    const swept: string[] = [];
    const sweep = (over: readonly Ban[]) => swept.push(...over.map(({ value }) => value));
    list.keepIn({ put: async () => true, remove: async () => true, sweep, close: async () => undefined });
    list.onAdded(() => {
      throw new Error('a defect');
    });
    list.tick(clock.ms);
    await list.add(ban('anna'));
    expect(lines.join()).toContain('a ban could not be acted upon');
    clock.ms += 9999;
    list.tick(clock.ms);
    expect(swept).toEqual([]);
    clock.ms += 1;
    list.tick(clock.ms);
    expect(swept).toEqual(['anna']);
  });
});
