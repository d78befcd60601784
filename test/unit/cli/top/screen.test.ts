import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Screen } from '../../../../src/cli/top/screen.js';

/** A terminal that keeps what is done to it. */
class FakeTerminal extends EventEmitter {
  readonly done: string[] = [];
  written = '';
  columns: number | undefined = 100;
  rows: number | undefined = 30;
  writableNeedDrain = false;

  write(text: string): void {
    this.written += text;
  }

  setRawMode(isRaw: boolean): void {
    this.done.push(isRaw ? 'raw' : 'cooked');
  }

  setEncoding(): void {}

  resume(): void {
    this.done.push('resumed');
  }

  pause(): void {
    this.done.push('paused');
  }
}

function open() {
  const [input, output] = [new FakeTerminal(), new FakeTerminal()];
  const told: string[] = [];
  const on = { keys: (text: string) => void told.push(text), resized: () => void told.push('resized') };
  return { input, output, told, screen: new Screen({ input, output }, on) };
}

describe('the whole terminal for one program', () => {
  it('is the alternate screen without a cursor, and then as before, once', () => {
    const { input, output, screen } = open();
    expect(output.written).toBe('\x1b[?1049h\x1b[?25l');
    screen.close();
    screen.close();
    screen.draw(['late']);
    expect(output.written).toBe('\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l');
    expect(input.done).toEqual(['raw', 'resumed', 'cooked', 'paused']);
    expect([input.listenerCount('data'), output.listenerCount('resize')]).toEqual([0, 0]);
  });

  it('is given back when the process ends in any other way', () => {
    const before = process.listeners('exit');
    const { output } = open();
    const [leave] = process.listeners('exit').filter((listener) => !before.includes(listener));
    leave?.(1);
    expect(output.written.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
    expect(process.listeners('exit')).toEqual(before);
  });

  it('tells of keys and of a new size', () => {
    const { input, output, told, screen } = open();
    input.emit('data', 'q');
    output.emit('resize');
    expect(told).toEqual(['q', 'resized']);
    expect([screen.columns, screen.rows]).toEqual([100, 30]);
    output.columns = undefined;
    output.rows = undefined;
    expect([screen.columns, screen.rows]).toEqual([80, 24]);
    screen.close();
  });

  it('is drawn over line by line, and not while it takes nothing', () => {
    const { output, screen } = open();
    output.written = '';
    screen.draw(['a', 'b']);
    expect(output.written).toBe('\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J');
    output.writableNeedDrain = true;
    screen.draw(['c']);
    expect(output.written).not.toContain('c');
    screen.close();
  });
});
