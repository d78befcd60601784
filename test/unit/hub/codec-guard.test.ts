import { describe, expect, it } from 'vitest';
import { CodecGuard } from '../../../src/hub/codec-guard.js';
import { batch, CHUNK_SIZE, framed, type Message, message } from '../../support/hub/media.js';

/** AVC decoder configuration: Constrained Baseline, level 1.3. */
const AVC = Buffer.from(
  '1700000000' + '0142c00dffe100166742c00dd90141fb0110000003001000000303c0f1429920010005' + '68cb83cb20',
  'hex',
);

/** What the guard says to each batch, and the codecs that it found. */
function judge(allowed: readonly string[], ...batches: readonly (readonly Message[])[]) {
  const guard = new CodecGuard(allowed, CHUNK_SIZE);
  const found: string[] = [];
  const refused = batches.map((messages) => {
    const placed = { batch: batch(...messages), buffer: Buffer.concat(messages.map(framed)), at: 0, position: 0 };
    return guard.refuses(placed, (codec) => void found.push(codec));
  });
  return { refused, found };
}

describe('a guard of codecs', () => {
  const avc = { ...message('videoHeader', 1), payload: AVC };
  const frame = message('inter', 2);

  it('lets through what begins with one of the prefixes, whatever their case', () => {
    expect(judge(['avc1'], [avc], [frame])).toEqual({ refused: [false, false], found: [] });
    expect(judge(['AVC1.42C0'], [avc])).toEqual({ refused: [false], found: [] });
  });

  it('refuses the batch with another codec, and every batch after it; the codec is told once', () => {
    const { refused, found } = judge(['hvc1', 'avc1.64'], [avc, frame], [frame], [avc]);
    expect(refused).toEqual([true, true, true]);
    expect(found).toEqual([expect.stringMatching(/^avc1\.42c00d$/i)]);
  });

  it('finds a codec that comes later', () => {
    expect(judge(['avc1'], [avc], [frame], [message('audio', 3)]).refused).toEqual([false, false, true]);
  });

  it('knows codecs without a sequence header by their first frame', () => {
    const mp3 = { ...message('audio', 1), payload: Buffer.from('2ffffb90640000000000', 'hex') };
    expect(judge(['mp4a.40.2'], [mp3]).refused).toEqual([true]);
    expect(judge(['mp4a.40.34'], [mp3]).refused).toEqual([false]);
  });

  it('finds a codec without a sequence header that comes after another one', () => {
    const mp3 = { ...message('audio', 3), payload: Buffer.from('2ffffb90640000000000', 'hex') };
    const { refused, found } = judge(['mp4a.40.2'], [message('audioHeader', 1), message('audio', 2)], [mp3]);
    expect({ refused, found }).toEqual({ refused: [false, true], found: ['mp4a.40.34'] });
  });

  it('finds codecs that nobody knows', () => {
    const strange = { ...message('inter', 1), payload: Buffer.from('2f0100000000000000', 'hex') };
    expect(judge(['avc1'], [strange])).toEqual({ refused: [true], found: ['15'] });
  });

  it('takes frames that do not say their profile for one that is allowed, as after the limit has changed', () => {
    const media = [message('inter', 1), message('audio', 2)];
    expect(judge(['avc1.64', 'mp4a.40.5'], media).refused).toEqual([false]);
    expect(judge(['hvc1', 'mp4a.40.5'], media).found).toEqual(['avc1']);
    expect(judge(['avc1.64', 'mp4a.40.34'], media).found).toEqual(['mp4a.40.2']);
    const guard = new CodecGuard(['avc1', 'mp4a'], CHUNK_SIZE);
    const placed = { batch: batch(...media), buffer: Buffer.concat(media.map(framed)), at: 0, position: 0 };
    const found: string[] = [];
    expect(guard.refuses(placed, (codec) => void found.push(codec))).toBe(false);
    guard.allow(['avc1.64', 'mp4a.40.2']);
    expect(guard.refuses(placed, (codec) => void found.push(codec))).toBe(false);
    guard.allow(['avc1.64']);
    expect(guard.refuses(placed, (codec) => void found.push(codec))).toBe(true);
    expect(found).toEqual(['mp4a.40.2']);
  });
});
