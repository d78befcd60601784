import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/core/log.js';
import { AddressLog, FAULT_LINES, PLAY_LINES, STREAM_LINES } from '../../../src/live/address-log.js';

describe('lines about addresses', () => {
  it('are ten at once and one in two seconds for each, and the next line tells how many were kept back', () => {
    let nowMs = 0;
    const lines: { peer: string; linesKeptBack?: number }[] = [];
    const log = createLogger({ sink: { write: (line) => void lines.push(JSON.parse(line)) } });
    const faults = new AddressLog(log, { monotonicMs: () => nowMs, wallMs: () => nowMs }, FAULT_LINES);
    const tell = (peer: string, times: number): void => {
      for (let n = 0; n < times; n++) faults.tell('warn', peer, { peer }, 'a fault');
    };
    tell('192.0.2.1', 30);
    expect(lines).toHaveLength(10);
    tell('192.0.2.2', 1);
    expect(lines[10]).toMatchObject({ peer: '192.0.2.2', linesKeptBack: 20 });
    nowMs = 2000;
    tell('192.0.2.1', 5);
    expect(lines).toHaveLength(12);
    expect(lines[11]).not.toHaveProperty('linesKeptBack');
  });

  it('are one a second for an address that causes all kinds of them', () => {
    const all = [FAULT_LINES, STREAM_LINES, PLAY_LINES].reduce((sum, { perSecond }) => sum + perSecond, 0);
    expect(all).toBe(1);
  });
});
