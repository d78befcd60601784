import { describe, expect, it } from 'vitest';
import { formatEvent } from '../../../src/cli/format-event.js';
import type { SluiceEvent } from '../../../src/events/event-types.js';

function event(type: string, data: object): SluiceEvent {
  return { type: `io.sluice.${type}`, subject: 'live/cam1', time: '2026-01-01T12:00:00.123Z', data } as SluiceEvent;
}

const peer = { address: '127.0.0.1', port: 5000 };

describe('formatEvent', () => {
  it.each([
    ['stream.started', { peer, transport: 'rtmp', encoder: 'FMLE/3.0' }, 'from 127.0.0.1:5000, over rtmp, by FMLE/3.0'],
    [
      'play.started',
      { peer, client: 'FMLE/3.0 (compatible; obs-studio/30.2.0; FMSc/1.0)' },
      'from 127.0.0.1:5000, with OBS 30.2',
    ],
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
