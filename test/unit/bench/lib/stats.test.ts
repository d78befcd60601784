import { describe, expect, it } from 'vitest';
import { Amf0Decoder, Amf0Refused } from '../../../../bench/js-parser/amf0-decoder.js';
import { hostileCount, hostileKeys, hostileNesting, realMessages } from '../../../../bench/lib/amf-messages.js';
import { drawChart } from '../../../../bench/lib/chart.js';
import { table, verdicts } from '../../../../bench/lib/report.js';
import { format, pairedRatios, quantile, summarise } from '../../../../bench/lib/stats.js';
import { atLeast, atMost } from '../../../../bench/lib/targets.js';

describe('statistics of a bench', () => {
  it('takes the median, not the mean', () => {
    expect(summarise([1, 100, 2])).toEqual({ median: 2, min: 1, max: 100, rounds: 3 });
  });

  it('interpolates quantiles between ranks', () => {
    expect(quantile([10, 20], 0.5)).toBe(15);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('divides round by round, so that drift of the machine cancels', () => {
    expect(pairedRatios([1, 2, 4], [2, 4, 8])).toEqual({ median: 0.5, min: 0.5, max: 0.5, rounds: 3 });
  });

  it('writes three significant digits', () => {
    expect([0.123, 12.34, 123.4, 12345, Number.NaN].map(format)).toEqual(['0.12', '12.3', '123', '12,345', '–']);
  });
});

describe('targets', () => {
  it('keeps a miss with its value, and fails what could not be measured', () => {
    expect(atMost('x', 0.6, 0.5)).toEqual({ target: 'x ≤ 0.5 ×', value: 0.6, limit: 0.5, unit: '×', pass: false });
    expect(atLeast('x', 4, 4).pass).toBe(true);
    expect(atMost('x', Number.NaN, 1).pass).toBe(false);
    expect(verdicts([atMost('x', 0.6, 0.5)], false)).toContain('MISS  x ≤ 0.5 ×   measured 0.60 ×');
  });

  it('aligns tables', () => {
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\n───  ──\nccc   d');
  });
});

describe('the chart', () => {
  it('draws a row for each server and escapes names', () => {
    const svg = drawChart(
      't',
      [{ server: 'a<b', cpuPerGB: 0.5, cpuLow: 0.4, cpuHigh: 0.6, p50Ms: 1, p99Ms: 9, ours: true }],
      'f',
    );
    expect(svg).toContain('a&lt;b');
    expect(svg).toContain('1 / 9');
    expect(svg.startsWith('<svg ')).toBe(true);
  });
});

describe('the JavaScript AMF0 decoder', () => {
  it('reads what ffmpeg and OBS send', () => {
    const decoder = new Amf0Decoder();
    const [connect, metadata, , obs] = realMessages().map((m) => decoder.decode(m.bytes));
    expect(connect).toEqual(['connect', 1, expect.objectContaining({ app: 'live', type: 'nonprivate' })]);
    expect(metadata[2]).toEqual(
      expect.objectContaining({ width: 1280, height: 720, stereo: false, encoder: 'Lavf59.27.100' }),
    );
    expect(obs[2]).toEqual(expect.objectContaining({ stereo: true, '7.1': false, framerate: 60 }));
  });

  it.each([hostileNesting(), hostileCount(), hostileKeys()])('refuses $name', ({ bytes }) => {
    expect(() => new Amf0Decoder().decode(bytes)).toThrow(Amf0Refused);
  });

  it('refuses a value that is cut off', () => {
    expect(() => new Amf0Decoder().decode(Buffer.from('00 3f f0'.replaceAll(' ', ''), 'hex'))).toThrow(Amf0Refused);
  });
});
