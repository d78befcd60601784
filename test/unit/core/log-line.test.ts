import { describe, expect, it } from 'vitest';
import { readableLine, terminalLine } from '../../../src/core/log-line.js';

const id = '01M8A7HRWY0HWG4VDBPHZQ3VYV';
const started = {
  level: 'info',
  time: '2026-01-31T12:00:00.000Z',
  msg: 'stream started',
  streamId: id,
  app: 'live',
  name: 'cam1',
  connectionId: id,
  peer: '127.0.0.1',
  encoder: 'OBS',
};

describe('a log line for a terminal', () => {
  it('begins with the local time and the level, painted when there are colours', () => {
    const time = new Date(2026, 0, 31, 12, 0, 3, 7).toISOString();
    const line = (colour: boolean): string =>
      terminalLine(JSON.stringify({ level: 'warn', time, msg: 'careful', port: 1 }), { colour, withIds: false });
    expect(line(false)).toBe('[12:00:03.007] WARN: careful  port 1\n');
    expect(line(true)).toBe('[12:00:03.007] \x1b[33mWARN\x1b[39m: careful  port 1\n');
  });
});

describe('a log line for people', () => {
  it('says what happened, to which stream, from where, and leaves ids and braces out', () => {
    expect(readableLine(started, false)).toBe('stream started  live/cam1  from 127.0.0.1  encoder OBS');
  });

  it('has the ids at level debug', () => {
    expect(readableLine(started, true)).toContain(`streamId ${id}  connectionId ${id}`);
  });

  it('has the words of an error and the place of a defect', () => {
    const err = { message: 'no disk', stack: 'Error: no disk\n    at write (file.js:1:2)\n    at next (file.js:3:4)' };
    expect(readableLine({ msg: 'failed', err, code: 'ERR_INTERNAL' }, false)).toBe(
      'failed  code ERR_INTERNAL  error "no disk" at write (file.js:1:2)',
    );
  });

  it('is one line also without a stream, and with values that are objects', () => {
    expect(readableLine({ msg: 'x', app: 'live', counts: { a: 1 } }, false)).toBe('x  app live  counts {"a":1}');
  });
});
