import { describe, expect, it } from 'vitest';
import { ERRORS, SluiceError } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/log.js';
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

function at(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ level: 'info', time: new Date(2026, 0, 31, 12, 0, 3, 7).toISOString(), ...more });
}

function terminal(more: Readonly<Record<string, unknown>>, o: { colour?: boolean; withIds?: boolean } = {}): string {
  return terminalLine(at(more), { colour: o.colour ?? false, withIds: o.withIds ?? false });
}

const OBS = 'FMLE/3.0 (compatible; obs-studio/30.2.0; FMSc/1.0)';
const SHOWN = { codecs: 'avc1.64001F 1280x720 + mp4a.40.2', media: 'h264 1280x720@30 + aac 48k' };
const STREAM = { app: 'live', name: 'cam1', peer: '192.0.2.7' };
const REFUSED = new SluiceError('ERR_LISTEN', '0.0.0.0:1935');

describe('a log line for a terminal', () => {
  it('begins with the local time and the level, in columns', () => {
    expect(terminal({ level: 'warn', msg: 'careful', port: 1 })).toBe('12:00:03 WARN  careful  port 1\n');
    expect(terminal({ level: 'error', msg: 'broken' })).toBe('12:00:03 ERROR broken\n');
    expect(terminal({ msg: 'fine' })).toBe('12:00:03 info  fine\n');
  });

  it('has milliseconds and ids at level debug', () => {
    expect(terminal({ level: 'debug', msg: 'x', streamId: id }, { withIds: true })).toBe(
      `12:00:03.007 debug x  stream id ${id}\n`,
    );
  });

  it('is painted only where there are colours, and trouble in its colour', () => {
    const line = terminal({ level: 'warn', msg: 'careful', port: 1 }, { colour: true });
    expect(line).toBe('\x1b[2m12:00:03\x1b[0m \x1b[33mWARN \x1b[0m \x1b[1;33mcareful\x1b[0m  port 1\n');
    expect(terminal({ msg: 'fine' }, { colour: true })).toContain('\x1b[1mfine\x1b[0m');
  });
});

describe('the lines that a server writes most', () => {
  it.each([
    [
      { ...STREAM, msg: 'stream started', streamId: id, connectionId: id, encoder: OBS },
      'stream started    live/cam1  from 192.0.2.7 (OBS 30.2)',
    ],
    [
      { ...STREAM, msg: 'stream ready', ...SHOWN, afterMs: 533, encoder: OBS },
      'stream ready      live/cam1  h264 1280x720@30 + aac 48k, from 192.0.2.7 (OBS 30.2)',
    ],
    [
      { ...STREAM, msg: 'stream ready', codecs: 'hvc1.1.6.L93.B0 1920x1080', missing: 'audio', afterMs: 2000 },
      'stream ready      live/cam1  hevc 1920x1080, without audio, from 192.0.2.7',
    ],
    [
      { ...STREAM, msg: 'play started', client: 'LNX 9,0,124,2' },
      'play started      live/cam1  from 192.0.2.7 (LNX 9,0,124,2)',
    ],
    [
      { ...STREAM, msg: 'play ended', reason: 'client_closed', bytes: 5_466_694, drops: 2 },
      'play ended        live/cam1  client_closed, 5.5 MB, drops 2, from 192.0.2.7',
    ],
    [
      { ...STREAM, msg: 'publish refused', code: 'ERR_PUBLISH_BUSY' },
      'publish refused   live/cam1  somebody else is publishing under this name (ERR_PUBLISH_BUSY), from 192.0.2.7',
    ],
    [
      { ...STREAM, msg: ERRORS.ERR_LIMIT_HEADERS.says, code: 'ERR_LIMIT_HEADERS' },
      `${ERRORS.ERR_LIMIT_HEADERS.says}  live/cam1  ERR_LIMIT_HEADERS, from 192.0.2.7`,
    ],
    [
      { msg: 'nats: no connection; events wait in the journal', cause: 'nobody listens there' },
      'nats: no connection; events wait in the journal  nobody listens there',
    ],
    [
      { msg: 'there is room for 10000 connections', connections: 10_000, descriptors: 19_951 },
      'there is room for 10000 connections  descriptors 19951',
    ],
    [
      { msg: 'draining', plays: 3, deadlineMs: 90_000, reconnectTo: 'rtmp://b/live', heldBytes: 2048 },
      'draining  plays 3, deadline 1:30, reconnect to rtmp://b/live, held 2.0 kB',
    ],
    [
      {
        ...{ msg: 'connection closed by a fault', peer: '192.0.2.7', code: 'ERR_CHUNK_FRESH_HEADER' },
        detail: `${ERRORS.ERR_CHUNK_FRESH_HEADER.says} (reconnect)`,
      },
      `connection closed by a fault  ERR_CHUNK_FRESH_HEADER, ${ERRORS.ERR_CHUNK_FRESH_HEADER.says} (reconnect), from 192.0.2.7`,
    ],
    [
      { msg: 'job run is over', job: '01/look', attempt: 1, outcome: 'failed', reason: 'exit', exit: 3, labels: {} },
      'job run is over  job 01/look, attempt 1, outcome failed, exit 3',
    ],
    [{ msg: 'x', code: 'ERR_OF_A_NEWER_VERSION' }, 'x  ERR_OF_A_NEWER_VERSION'],
    [{ msg: 'x', encoder: 'Wirecast' }, 'x  with Wirecast'],
  ])('%j', (entry, line) => {
    expect(readableLine(entry, false)).toBe(line);
  });

  it('keeps what a stranger sends on its line and out of the terminal', () => {
    const lines: string[] = [];
    const log = createLogger({ format: 'pretty', sink: { write: (line) => lines.push(line) } });
    log.info(
      { app: 'live', name: 'a\x1b[2J\nb', peer: '192.0.2.7', encoder: 'e\r\x07\u202e', key: 'canary' },
      'publish',
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]!.slice(9)).toBe(
      'info  publish           live/a\\x1b[2J\\x0ab  key ***, from 192.0.2.7 (e\\x0d\\x07\\u202e)\n',
    );
  });

  it('tells an error once: what it says, its code, and the place of a defect', () => {
    const lines: string[] = [];
    const log = createLogger({ format: 'pretty', sink: { write: (line) => lines.push(line) } });
    log.error({ err: REFUSED, code: 'ERR_LISTEN' }, 'it cannot begin');
    log.error({ err: new TypeError('no disk'), code: 'ERR_INTERNAL' }, 'failed');
    log.error({ err: Object.assign(new Error('write'), { code: 'ENOSPC' }) }, 'no room');
    expect(lines[0]!.slice(9)).toBe(`ERROR it cannot begin  ERR_LISTEN, ${REFUSED.message}\n`);
    expect(lines[1]!.slice(9)).toMatch(/^ERROR failed {2}ERR_INTERNAL, no disk at .*log-line\.test/);
    expect(lines[2]!.slice(9)).toMatch(/^ERROR no room {2}write \(ENOSPC\) at /);
  });
});

describe('a log line for people', () => {
  it('leaves ids and braces out, and has the ids at level debug', () => {
    expect(readableLine(started, false)).toBe('stream started    live/cam1  from 127.0.0.1 (OBS)');
    expect(readableLine(started, true)).toContain(`stream id ${id}, connection id ${id}`);
    expect(readableLine({ msg: 'stream ready', afterMs: 533 }, true)).toContain('after 0.5 s');
  });

  it('is one line also without a stream, and with values that are objects', () => {
    expect(readableLine({ msg: 'x', app: 'live', counts: { a: 1 } }, false)).toBe(
      'x                 app live  counts {"a":1}',
    );
  });
});
