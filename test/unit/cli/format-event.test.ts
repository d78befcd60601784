import { describe, expect, it } from 'vitest';
import { banner } from '../../../src/cli/banner.js';
import { EXIT, exitCodeOf } from '../../../src/cli/exit-codes.js';
import { duration, formatEvent, size } from '../../../src/cli/format-event.js';
import { ProgressLine } from '../../../src/cli/progress-line.js';
import { reportError } from '../../../src/cli/report-error.js';
import { readServerSentEvents } from '../../../src/cli/sse-reader.js';
import { resolveConfig } from '../../../src/config/load.js';
import { parseDuration } from '../../../src/core/duration.js';
import { SluiceError } from '../../../src/core/errors.js';
import type { SluiceEvent } from '../../../src/events/event-types.js';
import { TestIo } from '../../support/cli/test-io.js';

function event(type: string, data: object): SluiceEvent {
  return { type: `io.sluice.${type}`, subject: 'live/cam1', time: '2026-01-01T12:00:00.123Z', data } as SluiceEvent;
}

const peer = { address: '127.0.0.1', port: 5000 };

describe('formatEvent', () => {
  it.each([
    ['stream.started', { peer, transport: 'rtmp', encoder: 'FMLE/3.0' }, 'from 127.0.0.1:5000, over rtmp, by FMLE/3.0'],
    [
      'stream.ready',
      {
        tracks: [
          { kind: 'video', codec: 'avc1.64001F', width: 1280, height: 720, fps: 30 },
          { kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48000, channels: 2 },
        ],
        timeToReadyMs: 40,
      },
      'avc1.64001F 1280x720@30 + mp4a.40.2 48000 Hz x2, after 40 ms',
    ],
    [
      'stream.ended',
      { reason: 'client_closed', durationMs: 61_000, bytes: 1_500_000, drops: 2 },
      'client_closed, after 1:01, 1.5 MB, 2 dropped',
    ],
    ['stream.rejected', { reason: 'name in use', code: 'ERR_X', peer }, 'name in use (ERR_X), from 127.0.0.1:5000'],
    [
      'play.ended',
      { reason: 'client_closed', durationMs: 500, bytes: 999, drops: 0 },
      'client_closed, after 0.5 s, 999 B',
    ],
    ['stream.data', { handler: 'onTextData', values: [{ text: 'hi' }] }, 'onTextData, [{"text":"hi"}]'],
    ['stream.of.tomorrow', {}, ''],
    ['stream.ready', {}, ''],
  ])('tells of %s in one line', (type, data, words) => {
    const line = formatEvent(event(type, data), false);
    expect(line).toMatch(/^\d\d:\d\d:\d\d\.123 {2}/);
    expect(line.replace(/^\S+ {2}/, '').replace(/ +/g, ' ')).toBe(
      `${type} live/cam1${words === '' ? '' : ` ${words}`}`,
    );
  });

  it('uses colours only when asked, and lets no text of a peer steer the terminal', () => {
    const started = event('stream.started', { peer, transport: 'rtmp', encoder: '\x1b[2Jx\ny' });
    expect(formatEvent(started, true)).toContain('\x1b[36mstream.started');
    const plain = formatEvent(started, false);
    expect(plain).toContain('by \\x1b[2Jx\\x0ay');
    expect(plain).not.toContain('\x1b');
  });
});

describe('numbers for people', () => {
  it('are written as durations and sizes', () => {
    expect([0, 59_999, 60_000, 3_599_000, 3_600_000].map(duration)).toEqual([
      '0.0 s',
      '60.0 s',
      '1:00',
      '59:59',
      '1:00:00',
    ]);
    expect([0, 999, 1000, 1_500_000, 2e12, 5e15].map(size)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.5 MB',
      '2.0 TB',
      '5000.0 TB',
    ]);
  });

  it('are read as durations', () => {
    expect(['500ms', '90s', '5m', '1.5h', '2d'].map((text) => parseDuration(text))).toEqual([
      500, 90_000, 300_000, 5_400_000, 172_800_000,
    ]);
    expect(['', '5', '-1s', '1w', 's', '1e3s', '1234567890123s'].map((text) => parseDuration(text))).toEqual(
      Array(7).fill(undefined),
    );
    expect([parseDuration('5', 's'), parseDuration('5', 'ms'), parseDuration('1.5 s', 'ms')]).toEqual([5000, 5, 1500]);
  });
});

describe('reportError', () => {
  it('says what happened, what to do and the code, and gives the exit code', () => {
    const io = new TestIo();
    expect(reportError(new SluiceError('ERR_LISTEN', '127.0.0.1:1 EADDRINUSE'), io)).toBe(EXIT.unreachable);
    expect(io.stderr).toMatch(
      /^sluice: the server cannot listen.*: 127\.0\.0\.1:1 EADDRINUSE\n {2}what to do: .*\n {2}code: ERR_LISTEN\n$/,
    );
  });

  it('calls anything else a defect, with its stack and without secrets', () => {
    const io = new TestIo();
    expect(reportError(new TypeError('no rtmp://u:canary@h/a?key=canary'), io)).toBe(EXIT.failed);
    expect(io.stderr).toContain('defect');
    expect(io.stderr).toContain('at ');
    expect(io.stderr).not.toContain('canary');
    expect(reportError('text', io)).toBe(EXIT.failed);
  });

  it('maps codes to exit codes by what a script would do about them', () => {
    expect(
      (
        [
          'ERR_CONFIG_UNKNOWN_KEY',
          'ERR_CLIENT_URL',
          'ERR_CLIENT_CONNECT',
          'ERR_CLIENT_REJECTED',
          'ERR_CLIENT_ABORTED',
          'ERR_INTERNAL',
        ] as const
      ).map(exitCodeOf),
    ).toEqual([2, 2, 3, 4, 0, 1]);
  });
});

describe('ProgressLine', () => {
  const progress = { mediaMs: 2000, elapsedMs: 1000, bytes: 125_000 };

  it('writes over itself in a terminal and ends with a total', () => {
    const io = new TestIo({ live: true });
    const line = new ProgressLine(io, 'publishing');
    line.show(progress);
    line.finish('published', progress);
    expect(io.stderr).toBe(
      '\rpublishing  2.0 s of media, 125.0 kB, 1000 kbit/s\x1b[K\rpublished  2.0 s of media, 125.0 kB, 1000 kbit/s\x1b[K\n',
    );
  });

  it('prints only the total where nobody watches', () => {
    const io = new TestIo();
    const line = new ProgressLine(io, 'publishing');
    line.show(progress);
    line.abandon();
    line.finish('published', { ...progress, elapsedMs: 0 });
    expect(io.stderr).toBe('published  2.0 s of media, 125.0 kB, 0 kbit/s\n');
  });
});

describe('banner', () => {
  it('tells where to publish, play, and see events, without the default port and without secrets', () => {
    const config = resolveConfig({ nats: { url: 'nats://u:canary@127.0.0.1:4222' } });
    const text = banner(config, { host: '127.0.0.1', port: 1935 }, { host: '127.0.0.1', port: 8080 });
    expect(text).toContain('listening on rtmp://127.0.0.1:1935 and http://127.0.0.1:8080\n');
    expect(text).toContain('-f flv rtmp://127.0.0.1/live/cam1\n');
    expect(text).toMatch(/sluice events {2,}\(or http:\/\/127\.0\.0\.1:8080\/v1\/events\)/);
    expect(text).toContain("nats sub 'sluice.v1.evt.>'");
    expect(text).not.toContain('canary');
  });

  it('gives an address that can be dialled for one that stands for all, and goes without HTTP when that is off', () => {
    const text = banner(resolveConfig(), { host: '0.0.0.0', port: 1936 }, undefined);
    expect(text).toMatch(/ffplay rtmp:\/\/(?!0\.0\.0\.0)[\d.]+:1936\/live\/cam1/);
    expect(text).not.toContain('http');
    expect(banner(resolveConfig(), { host: '::1', port: 1 }, undefined)).toContain('rtmp://[::1]:1/live');
  });
});

describe('readServerSentEvents', () => {
  const text = ': hello\nretry: 1000\n\nid: a:1\nevent: x\ndata: {"a":\ndata: 1}\n\nevent: gap\ndata: {}\n\ndata\n\n';
  const expected = [
    { id: 'a:1', event: 'x', data: '{"a":\n1}' },
    { id: undefined, event: 'gap', data: '{}' },
    { id: undefined, event: 'message', data: '' },
  ];

  async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }

  it('reads events however the bytes are cut', async () => {
    const bytes = Buffer.from(text.replace('"a"', '"ä😀"'));
    for (let length = 1; length <= bytes.length; length++) {
      const seen = [];
      for await (const each of readServerSentEvents(pieces(bytes, length))) seen.push(each);
      expect(seen).toEqual([{ ...expected[0], data: '{"ä😀":\n1}' }, expected[1], expected[2]]);
    }
  });

  it('refuses an event without an end', async () => {
    const endless = pieces(Buffer.alloc(3 << 20, 'x'), 1 << 16);
    await expect(readServerSentEvents(endless).next()).rejects.toThrow('longer than 1 MiB');
  });
});
