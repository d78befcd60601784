import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RelaySeal, type RelayTicket } from '../../../src/live/relay-ticket.js';
import { seeded } from '../../support/random.js';

const SECRET = 'a secret of sixteen bytes or more';
const NOW_MS = 1_800_000_000_000;
const TICKET: RelayTicket = {
  ...{ from: 'edge-1', to: 'origin-1', app: 'live', name: 'cam' },
  epoch: { registry: '2026-11-27T02:00:00.123456789Z', revision: 4711 },
};
const seal = new RelaySeal(SECRET);
const FORGED = { ticket: undefined, code: 'ERR_RELAY_TICKET', isForged: true };

/** What the node that it is for reads, so long after it was written. */
function readAfter(ms: number, text = seal.write(TICKET, NOW_MS)) {
  return seal.read(text, NOW_MS + ms, TICKET.to);
}

describe('the seal of tickets between nodes', () => {
  it('reads what another node with the same secret has written', () => {
    expect(new RelaySeal(SECRET).read(seal.write(TICKET, NOW_MS), NOW_MS, TICKET.to)).toEqual({ ticket: TICKET });
  });

  it.each([
    ['names as long as names.maxBytes lets by default', 128, 'n', 1024],
    ['the longest names, of characters that need an escape', 512, '"', 3072],
  ])('reads tickets for %s', (_what, bytes, character, most) => {
    const named = character.repeat(bytes);
    const ids = { from: 'f'.repeat(64), to: TICKET.to };
    const long = { ...TICKET, ...ids, app: named, name: named, epoch: { ...TICKET.epoch, revision: 2 ** 53 - 1 } };
    const text = seal.write(long, NOW_MS);
    expect(text.length).toBeLessThanOrEqual(most);
    expect(readAfter(0, text)).toEqual({ ticket: long });
  });

  it.each([
    [-30_000, undefined],
    [30_000, undefined],
    [-30_001, 'ERR_CLUSTER_CLOCK'],
    [30_001, 'ERR_CLUSTER_CLOCK'],
    [3_600_000, 'ERR_CLUSTER_CLOCK'],
    [-3_600_000, 'ERR_CLUSTER_CLOCK'],
  ])('%i ms after the issue says %s', (ms, code) => {
    const read = readAfter(ms);
    expect('code' in read ? read : undefined).toEqual(code && { ticket: undefined, code, isForged: false });
  });

  it('refuses a ticket that is over, and none before', () => {
    const short = seal.write(TICKET, NOW_MS, 5000);
    expect(readAfter(4999, short)).toEqual({ ticket: TICKET });
    expect(readAfter(5000, short)).toEqual({ ...FORGED, isForged: false });
  });

  it('writes none that lives longer than a minute', () => {
    const [payload] = seal.write(TICKET, NOW_MS, 3_600_000).split('.');
    const expiresAtMs = JSON.parse(Buffer.from(payload!, 'base64url').toString())[7];
    expect(expiresAtMs).toBe(NOW_MS + 60_000);
  });

  it('refuses a ticket for another node as one that is genuine', () => {
    expect(seal.read(seal.write(TICKET, NOW_MS), NOW_MS, 'origin-2')).toEqual({ ...FORGED, isForged: false });
  });

  it('reads nothing that another secret has signed, or this one for another purpose', () => {
    expect(readAfter(0, new RelaySeal(`${SECRET}.`).write(TICKET, NOW_MS))).toEqual(FORGED);
    const [payload] = seal.write(TICKET, NOW_MS).split('.');
    const signed = createHmac('sha256', SECRET).update(payload!).digest('base64url');
    expect(readAfter(0, `${payload}.${signed}`)).toEqual(FORGED);
  });

  it('reads none of thousands of texts that are nearly tickets', () => {
    const random = seeded(20_262);
    const text = seal.write(TICKET, NOW_MS);
    const below = (most: number) => Math.floor(random() * most);
    const change: readonly ((of: string) => string)[] = [
      (of) => of.slice(0, below(of.length)),
      (of) => of.slice(below(of.length) + 1),
      (of) => {
        const at = below(of.length);
        return of.slice(0, at) + String.fromCodePoint(1 + below(0x2fff)) + of.slice(at + 1);
      },
      (of) => of.slice(0, below(of.length)) + of,
      (of) => of.replace('.', ['', '..', '%2E', '=.', '\0.'][below(5)]!),
      (of) => of + ['=', '.', ' ', '\n', '\0', 'A', `.${of}`][below(7)]!,
      () => Array.from({ length: below(300) }, () => String.fromCodePoint(below(0x1_0000))).join(''),
      () => `${'A'.repeat(below(1 << 16))}.${'A'.repeat(43)}`,
    ];
    let tried = 0;
    for (let i = 0; i < 4000; i++) {
      const made = change[i % change.length]!(text);
      if (made === text) continue;
      tried++;
      expect([made, readAfter(0, made)]).toEqual([made, FORGED]);
    }
    expect(tried).toBeGreaterThan(3800);
  });
});
