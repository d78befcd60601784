import { describe, expect, it } from 'vitest';
import { readMetrics } from '../../../../bench/hostile/sample.js';

describe('the metrics of a server under attack', () => {
  const page = [
    '# TYPE sluice_memory_bytes gauge',
    'sluice_memory_bytes{kind="log"} 1000',
    'sluice_memory_bytes{kind="headers"} 24',
    'sluice_memory_limit_bytes 5',
    'sluice_events_emitted_total 17',
    'sluice_event_loop_turn_max_seconds 0.0125',
    'sluice_connections_closed_total{code="ERR_X"} 3',
  ].join('\n');

  it('give the account by kind and in sum, the events and the longest turn', () => {
    expect(readMetrics(page)).toEqual({
      accountBytes: 1024,
      kinds: { log: 1000, headers: 24 },
      events: 17,
      longestTurnMs: 12.5,
    });
  });

  it.each(['sluice_memory_bytes', 'sluice_events_emitted_total', 'sluice_event_loop_turn_max_seconds'])(
    'are refused without %s: a bench that measures nothing passes everything',
    (name) => {
      const rest = page
        .split('\n')
        .filter((line) => !line.startsWith(name))
        .join('\n');
      expect(() => readMetrics(rest)).toThrow(/lacks/);
    },
  );
});
