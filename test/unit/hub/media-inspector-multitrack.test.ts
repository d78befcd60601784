import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../../support/hub/media.js';
import { PublicationHarness } from '../../support/hub/publication-harness.js';

const AVCC = '0142c00dffe100166742c00dd90141fb0110000003001000000303c0f142992001000568cb83cb20';
const size = (AVCC.length / 2).toString(16).padStart(6, '0');

const header = (hex: string): Message => ({ kind: 'videoHeader', timestamp: 0, payload: Buffer.from(hex, 'hex') });
/** ManyTracks: one message with an AVC configuration for each of these tracks, of this profile. */
const many = (profile: string, ...ids: string[]) =>
  header(`961061766331${ids.map((id) => id + size + AVCC.replace('42c00d', profile)).join('')}`);
/** OneTrack: the same for one. */
const one = (profile: string, id: string) => header(`960061766331${id}${AVCC.replace('42c00d', profile)}`);

describe('the headers of messages that configure several tracks', () => {
  let harness: PublicationHarness;
  beforeEach(() => {
    vi.useFakeTimers();
    harness = new PublicationHarness({ slabBytes: 65_536 });
  });
  afterEach(() => vi.useRealTimers());

  /** What one who comes later gets. */
  function late(...sent: readonly Message[]): string[] {
    for (const message of sent) harness.play(message);
    const player = harness.join();
    harness.play({ kind: 'key', timestamp: 40, payload: Buffer.from('96016176633100000000000000000165', 'hex') });
    return player
      .messages()
      .slice(0, -1)
      .map(({ payload }) => payload.toString('hex'));
  }
  const hex = (...messages: readonly Message[]) => messages.map(({ payload }) => payload.toString('hex'));

  it('are all given to players that come later', () => {
    const sent = [one('42c00d', '00'), many('42c00d', '01', '02'), many('42c01e', '03', '04')];
    expect(late(...sent)).toEqual(hex(...sent));
  });

  it('give way to later ones of the same tracks, alone or together', () => {
    const [both, first, second] = [many('42c00d', '01', '02'), one('42c01e', '01'), one('42c01e', '02')];
    expect(late(both, first, second)).toEqual(hex(first, second));
    const again = many('42c014', '01', '02');
    expect(late(again)).toEqual(hex(again));
  });

  it('stay when a message ends before its FourCC, which shows no other codec', () => {
    const sent = [header(`1700000000${AVCC}`), header('1701000000000000000165'), header('a70500')];
    for (const message of sent) {
      harness.play(message);
      vi.advanceTimersByTime(1000);
    }
    const player = harness.join();
    harness.turn();
    expect(player.messages().map(({ payload }) => payload.toString('hex'))).toEqual(hex(...sent));
  });

  it('come in the order in which they take effect when they are out of date in part', () => {
    const [both, other] = [many('42c00d', '01', '02'), many('42c01e', '02', '03')];
    expect(late(both, other)).toEqual(hex(both, other));
    const changed = many('42c014', '01', '02');
    expect(late(changed)).toEqual(hex(other, changed));
  });

  it('of a track that begins before the default one, as ffmpeg sends it, are followed by all its frames', () => {
    const player = harness.join();
    const sent = [
      header(`1700000000${AVCC}`),
      one('42c00d', '01'),
      header('9601617663310100000000000001650000'),
      header('a601617663310100000000000001410000'),
      header('1701000000000000000165'),
      header('a601617663310100000000000001410001'),
    ];
    for (const message of sent) harness.play(message);
    expect(player.messages().map(({ payload }) => payload.toString('hex'))).toEqual(hex(...sent));
  });
});
