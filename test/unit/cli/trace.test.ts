import type { Channel } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { startTrace } from '../../../src/cli/trace.js';
import { EVENTS_TRACE, NATS_TRACE, RTMP_TRACE } from '../../../src/core/trace.js';

const followed = (): Channel[] => [RTMP_TRACE, EVENTS_TRACE, NATS_TRACE].filter((trace) => trace.hasSubscribers);

describe('SLUICE_TRACE', () => {
  it('refuses a name that is none, with the one that was probably meant', () => {
    const refused = (names: string): unknown => {
      try {
        startTrace(names, () => {});
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused('rtmp,event')).toContain('SLUICE_TRACE names event; did you mean events?');
    expect(refused('everything')).toContain('expected some of rtmp, events, nats');
    expect(refused('')).toBeUndefined();
    expect(followed()).toEqual([]);
  });

  it('writes a line for each fact, and survives a tracer that fails', () => {
    const lines: string[] = [];
    const end = startTrace('rtmp, events', (line) => lines.push(line));
    EVENTS_TRACE.publish({ what: 'appended', name: 'sluice.evt.live.cam1\x1b[2J', detail: 7 });
    RTMP_TRACE.publish(undefined);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} events appended sluice\.evt\.live\.cam1\\x1b\[2J 7\n$/);
    expect(lines[1]).toMatch(/ trace failed: TypeError/);
    expect(followed()).toEqual([RTMP_TRACE, EVENTS_TRACE]);
    end();
    expect(followed()).toEqual([]);
  });
});
