import { describe, expect, it } from 'vitest';
import { listed, type Order, publishUrl, totals } from '../../../../src/page/views/overview-list.js';
import type { Listed } from '../../../../src/page/views/tile-facts.js';

function stream(name: string, more: Partial<Listed> = {}): Listed {
  return {
    streamId: `id-${name}`,
    app: 'live',
    name,
    state: 'ready',
    startedAt: '2026-11-27T06:00:00Z',
    tracks: [],
    players: 0,
    kbpsIn: 0,
    kbpsOut: 0,
    ...more,
  };
}

const STREAMS = [
  stream('cam10', { players: 1, kbpsIn: 1000, kbpsOut: 5, startedAt: '2026-11-27T06:02:00Z' }),
  stream('cam2', { players: 7, kbpsIn: 1010, startedAt: '2026-11-27T06:01:00Z' }),
  stream('Zoo', { kbpsIn: 3000, trouble: 'The video track has no frames.', state: 'suspended' }),
];
const names = (words: string, order: Order): string[] => listed(STREAMS, words, order).map(({ name }) => name);

describe('the list of streams', () => {
  it('is ordered by name, with numbers as numbers', () => {
    expect(names('', 'name')).toEqual(['cam2', 'cam10', 'Zoo']);
  });

  it('is ordered by players, bit rate or age', () => {
    expect(names('', 'players')).toEqual(['cam2', 'cam10', 'Zoo']);
    expect(names('', 'newest')).toEqual(['cam10', 'cam2', 'Zoo']);
  });

  it('keeps its order while rates differ by little', () => {
    expect(names('', 'rate')).toEqual(['Zoo', 'cam2', 'cam10']);
  });

  it('has what every word is found in', () => {
    expect(names(' CAM live ', 'name')).toEqual(['cam2', 'cam10']);
    expect(names('suspended', 'name')).toEqual(['Zoo']);
    expect(names('trouble frames', 'name')).toEqual(['Zoo']);
    expect(names('cam9', 'name')).toEqual([]);
  });

  it('leaves the list that it is given as it is', () => {
    listed(STREAMS, '', 'name');
    expect(STREAMS.map(({ name }) => name)).toEqual(['cam10', 'cam2', 'Zoo']);
  });

  it('has totals', () => {
    expect(totals(STREAMS)).toEqual({ players: 8, kbpsIn: 5010, kbpsOut: 5, troubled: 1 });
    expect(totals([])).toEqual({ players: 0, kbpsIn: 0, kbpsOut: 0, troubled: 0 });
  });
});

describe('where to publish', () => {
  it('is the host that the server listens on, or the one of the page where that is every one', () => {
    expect(publishUrl('127.0.0.1:1935', 'localhost')).toBe('rtmp://127.0.0.1/live');
    expect(publishUrl('0.0.0.0:1936', 'video.example')).toBe('rtmp://video.example:1936/live');
    expect(publishUrl('[::]:1935', '[fd00::7]')).toBe('rtmp://[fd00::7]/live');
  });
});
