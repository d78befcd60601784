import { describe, expect, it } from 'vitest';
import {
  checkClock,
  checkDescriptors,
  checkMemory,
  checkNode,
  readClocks,
} from '../../../../src/cli/doctor/machine.js';
import { resolveConfig } from '../../../../src/config/load.js';

const config = resolveConfig();
const GiB = 1024 ** 3;

describe('checkNode', () => {
  it.each([
    ['20.20.2', 'ok'],
    ['24.1.0', 'ok'],
    ['18.19.0', 'fail'],
  ])('of %s says %s', (version, state) => {
    expect(checkNode(version)).toMatchObject({ state, says: expect.stringContaining(version) });
  });
});

describe('checkDescriptors', () => {
  it('wants one for each connection that may come', () => {
    expect(checkDescriptors(config, 1024)).toMatchObject({ state: 'warn', todo: expect.stringContaining('ulimit') });
    expect(checkDescriptors(config, 65_536).state).toBe('ok');
    expect(checkDescriptors(config, Number.POSITIVE_INFINITY)).toMatchObject({
      state: 'ok',
      says: expect.stringContaining('no limit'),
    });
    expect(checkDescriptors(resolveConfig({ limits: { maxConnections: 100 } }), 1024).state).toBe('ok');
  });

  it('reads the limit of this process', () => {
    expect(checkDescriptors(config).check).toBe('descriptors');
  });
});

describe('checkMemory', () => {
  it('wants what clients may take, and what a server takes itself', () => {
    expect(checkMemory(config, 4 * GiB).state).toBe('ok');
    expect(checkMemory(config, GiB)).toMatchObject({
      state: 'warn',
      todo: expect.stringContaining('limits.memoryBytes to 432 MiB'),
    });
    expect(checkMemory(config).says).toContain('GiB');
  });
});

describe('checkClock', () => {
  const wallMs = Date.UTC(2026, 10, 1);
  it('is content with a clock that goes', () => {
    expect(checkClock({ wallMs, steadyMs: 0 }, { wallMs: wallMs + 900, steadyMs: 905 }).state).toBe('ok');
    const { wallMs: now } = readClocks();
    expect(new Date(now).getTime()).toBe(now);
  });
  it('tells of a clock that jumped, and of one that was never set', () => {
    const jumped = checkClock({ wallMs, steadyMs: 0 }, { wallMs: wallMs + 4000, steadyMs: 10 });
    expect(jumped).toMatchObject({ state: 'warn', says: 'it jumped by 3990 ms while this looked' });
    expect(checkClock({ wallMs: 0, steadyMs: 0 }, { wallMs: 1, steadyMs: 1 })).toMatchObject({
      state: 'fail',
      says: expect.stringContaining('1970'),
    });
  });
});
