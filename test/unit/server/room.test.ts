import { describe, expect, it } from 'vitest';
import { memoriesOfProcess, memoriesThatFit, roomOf } from '../../../src/server/room.js';

const GiB = 2 ** 30;

describe('the room for connections', () => {
  it.each([
    [
      { setting: 10, descriptors: 11, memories: 12 },
      { connections: 10, bound: 'limits.maxConnections' },
    ],
    [
      { setting: 10, descriptors: 9, memories: 12 },
      { connections: 9, bound: 'file descriptors' },
    ],
    [
      { setting: 10, descriptors: 9, memories: 8 },
      { connections: 8, bound: 'WASM memories' },
    ],
    [
      { setting: 10, descriptors: 10, memories: 10 },
      { connections: 10, bound: 'limits.maxConnections' },
    ],
    [
      { setting: 10, descriptors: Number.POSITIVE_INFINITY, memories: 12 },
      { connections: 10, bound: 'limits.maxConnections' },
    ],
  ] as const)('of %j is %j', (bounds, room) => {
    expect(roomOf(bounds)).toEqual(room);
  });

  it('has a WASM memory for each 10 GiB of address space, and for about 13,000 when that is not limited', () => {
    expect(memoriesThatFit([], Number.POSITIVE_INFINITY)).toBe(13_000);
    expect(memoriesThatFit([], 100 * GiB)).toBe(10);
    expect(memoriesThatFit([], 100 * GiB - 1)).toBe(9);
    expect(memoriesThatFit(['--disable-wasm-trap-handler'], Number.POSITIVE_INFINITY)).toBe(30_000);
    expect(memoriesOfProcess()).toBeGreaterThan(0);
  });
});
