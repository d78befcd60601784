import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stopSignal } from '../../../src/cli/stop-signal.js';

describe('stopSignal', () => {
  const handlers = new Map<string, (signal: NodeJS.Signals) => void>();
  const send = (signal: NodeJS.Signals): void => handlers.get(signal)!(signal);

  beforeEach(() => {
    vi.spyOn(process, 'on').mockImplementation(((name: string, handler: () => void) => {
      handlers.set(name, handler);
      return process;
    }) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    handlers.clear();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('aborts at %s', (signal) => {
    const stop = stopSignal();
    send(signal);
    expect([stop.aborted, stop.reason]).toEqual([true, signal]);
  });

  it.each([
    ['never had a terminal', false, false],
    ['has its terminal', true, true],
  ])('asks for a reload at SIGHUP when the process %s', (_, had, has) => {
    const reload = vi.fn();
    const stop = stopSignal(reload, had, () => has);
    send('SIGHUP');
    expect([stop.aborted, reload.mock.calls.length]).toEqual([false, 1]);
  });

  it('aborts at SIGHUP when the terminal was closed', () => {
    const reload = vi.fn();
    const stop = stopSignal(reload, true, () => false);
    send('SIGHUP');
    expect([stop.aborted, reload.mock.calls.length]).toEqual([true, 0]);
  });

  it('aborts a command that has nothing to read again when SIGHUP comes on a terminal, and never otherwise', () => {
    const onTerminal = stopSignal(undefined, true, () => true);
    send('SIGHUP');
    const elsewhere = stopSignal(undefined, false, () => false);
    send('SIGHUP');
    expect([onTerminal.aborted, elsewhere.aborted]).toEqual([true, false]);
  });
});
