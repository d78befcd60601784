import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newestKeyframe } from '../../../src/hub/keyframe-file.js';
import { readFlvStrictly } from '../../support/flv.js';
import { CHUNK_SIZE, message } from '../../support/hub/media.js';
import { PublicationHarness } from '../../support/hub/publication-harness.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The flags of a file without audio. */
const VIDEO_ONLY = 1;

const video = (n: number) => message('videoHeader', n);
const key = (n: number, bytes = 200) => message('key', n, bytes);

describe('the newest keyframe of a publication', () => {
  it('is a file of its header and itself, at its time, whatever its length', () => {
    for (const bytes of [20, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 5 * CHUNK_SIZE + 7]) {
      const { publication, ...harness } = publish();
      harness.send(
        video(0),
        message('audioHeader', 1),
        key(2),
        message('inter', 3),
        key(4, bytes),
        message('audio', 5),
      );
      const found = newestKeyframe(publication)!;
      const file = found.read();
      expect(file.length).toBe(found.bytes);
      expect(file[4]).toBe(VIDEO_ONLY);
      const tags = readFlvStrictly(file);
      expect(tags.map(({ type, timestamp }) => [type, timestamp])).toEqual([
        [9, 80],
        [9, 80],
      ]);
      expect(Buffer.from(tags[0]!.payload)).toEqual(video(0).payload);
      expect(Buffer.from(tags[1]!.payload)).toEqual(key(4, bytes).payload);
    }
  });

  it('has another id when it is another picture, and when its header is another one', () => {
    const { publication, ...harness } = publish();
    harness.send(video(0), key(1));
    const first = newestKeyframe(publication)!.id;
    harness.send(message('inter', 2));
    expect(newestKeyframe(publication)!.id).toBe(first);
    harness.send(key(3));
    const second = newestKeyframe(publication)!.id;
    harness.send(video(4), key(5));
    expect(new Set([first, second, newestKeyframe(publication)!.id]).size).toBe(3);
  });

  it('is not there before the first, of audio alone, past the bounds of the cached GOP, and after the end', () => {
    const { publication, ...harness } = publish({ gopMaxBytes: 1000 });
    expect(newestKeyframe(publication)).toBeUndefined();
    harness.send(message('audioHeader', 0), message('audio', 1));
    expect(newestKeyframe(publication)).toBeUndefined();
    harness.send(video(2), key(3), message('inter', 4, 1200));
    expect(newestKeyframe(publication)).toBeUndefined();
    harness.send(key(5));
    expect(newestKeyframe(publication)).toBeDefined();
    publication.end();
    expect(newestKeyframe(publication)).toBeUndefined();
  });
});

function publish(limits: ConstructorParameters<typeof PublicationHarness>[0] = {}) {
  const harness = new PublicationHarness(limits);
  return { publication: harness.publication, send: harness.send.bind(harness) };
}
