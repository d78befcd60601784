import { describe, expect, it } from 'vitest';
import { StopStages } from '../../../../src/jobs/run/stop-stages.js';

const TERM = (cause: string): unknown => ({ signal: 'SIGTERM', cause });
const KILL = (cause: string): unknown => ({ signal: 'SIGKILL', cause });

describe('StopStages', () => {
  it('gives two seconds after the end of the stream, then the grace, then kills, each once', () => {
    const stages = new StopStages(10_000);
    expect(stages.ask('afterEof', 0)).toBeUndefined();
    expect(stages.due(1999)).toBeUndefined();
    expect(stages.due(2000)).toEqual(TERM('asked'));
    expect(stages.due(11_999)).toBeUndefined();
    expect(stages.due(12_000)).toEqual(KILL('asked'));
    expect(stages.due(1e9)).toBeUndefined();
  });

  it('only gets harder, and begins no time anew', () => {
    const stages = new StopStages(1000);
    expect(stages.ask('afterEof', 0)).toBeUndefined();
    expect(stages.ask('afterEof', 1000)).toBeUndefined();
    expect(stages.ask('now', 1500)).toEqual(TERM('asked'));
    expect([stages.ask('now', 2000), stages.ask('afterEof', 2000)]).toEqual([undefined, undefined]);
    expect(stages.due(2499)).toBeUndefined();
    expect(stages.ask('kill', 2499)).toEqual(KILL('asked'));
    expect([stages.ask('kill', 2500), stages.ask('now', 2500), stages.due(9999)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['stall', 'time_limit'] as const)('ends a run for a reason of its own: %s', (cause) => {
    const stages = new StopStages(1000);
    expect(stages.end(cause, 0)).toEqual(TERM(cause));
    expect(stages.ask('now', 10)).toBeUndefined();
    expect(stages.due(1000)).toEqual(KILL(cause));
  });

  it('has nothing due while nothing was asked', () => {
    expect(new StopStages(0).due(1e12)).toBeUndefined();
  });

  it('kills at the next look without grace', () => {
    const stages = new StopStages(0);
    expect(stages.ask('now', 5)).toEqual(TERM('asked'));
    expect(stages.due(5)).toEqual(KILL('asked'));
  });

  it('lets the rest of a group have the time that was given to the program', () => {
    const stages = new StopStages(10_000);
    expect(stages.leftoversUntilMs(100)).toBe(600);
    stages.ask('afterEof', 1000);
    expect(stages.leftoversUntilMs(1100)).toBe(3000);
    stages.ask('now', 1200);
    expect(stages.leftoversUntilMs(1300)).toBe(11_200);
    expect(stages.leftoversUntilMs(11_100)).toBe(11_600);
    stages.ask('kill', 1400);
    expect(stages.leftoversUntilMs(1500)).toBe(1500);
  });
});
