import { describe, expect, it } from 'vitest';
import { textWidth } from '../../../../src/cli/top/text-width.js';
import { renderTop } from '../../../../src/cli/top/top-screen.js';
import { answered, firstState, type TopState, unanswered } from '../../../../src/cli/top/top-state.js';
import type { Overview } from '../../../../src/model/overview.js';
import { LOOKED_MS, overviewOf, overviewStream } from '../../../support/cli/overviews.js';

const WHERE = 'http://127.0.0.1:8080';
const PLAIN = { columns: 120, rows: undefined, colour: false, nowMs: LOOKED_MS };

function stateOf(overview: Overview): TopState {
  return answered(firstState(WHERE), overview);
}

const TWO = overviewOf([
  overviewStream('cam2', { players: 0, kbpsOut: 0, delayMs: undefined, trouble: 'no frames of video for 3.0 s' }),
  overviewStream('cam1'),
]);

describe('the screen of sluice top', () => {
  it('shows the node, its health, the sums and each stream', () => {
    expect(renderTop(stateOf(TWO), PLAIN)).toEqual([
      'sluice top  http://127.0.0.1:8080  node-a  0.1.0  up 1:02:03',
      'healthy  NATS up',
      '2 streams  2 players  in 5.4 Mbit/s  out 5.4 Mbit/s  1 with trouble',
      '',
      'STREAM     STATE    AGE  CODEC       PICTURE      IN kbit/s  OUT kbit/s  PLAYERS  DELAY  TROUBLE',
      'live/cam1  active  1:05  h264 + aac  1280x720@30       2680        5361        2  0.1 s',
      'live/cam2  active  1:05  h264 + aac  1280x720@30       2680           0        0      -  no frames of video for 3.0 s',
    ]);
  });

  it('leaves columns out where there is little room, and fills the lines of a terminal', () => {
    expect(renderTop(stateOf(TWO), { ...PLAIN, columns: 72, rows: 9 })).toEqual([
      'sluice top  http://127.0.0.1:8080  node-a  0.1.0  up 1:02:03',
      'healthy  NATS up',
      '2 streams  2 players  in 5.4 Mbit/s  out 5.4 Mbit/s  1 with trouble',
      '',
      'STREAM     STATE    AGE  IN kbit/s  OUT kbit/s  PLAYERS  TROUBLE',
      'live/cam1  active  1:05       2680        5361        2',
      'live/cam2  active  1:05       2680           0        0  no frames of v…',
      '',
      'n name  p players  b bitrate  a age  arrows scroll  q quit  sorted by n…',
    ]);
  });

  it.each([20, 33, 40, 60, 80, 100, 132, 200])('is nowhere wider than %i columns', (columns) => {
    const names = ['カメラ'.repeat(20), 'x'.repeat(90), '📹'];
    const state = stateOf(overviewOf(names.map((name) => overviewStream(name, { trouble: 'y'.repeat(80) }))));
    const widths = renderTop(state, { ...PLAIN, columns, rows: 12 }).map(textWidth);
    expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  });

  it('scrolls, says where it is, and never past the end', () => {
    const many = stateOf(overviewOf(Array.from({ length: 30 }, (_, i) => overviewStream(`c${10 + i}`))));
    const lines = (first: number): readonly string[] =>
      renderTop({ ...many, first }, { ...PLAIN, columns: 140, rows: 10 }).map((line) => line.split(' ')[0]!);
    expect(lines(2).slice(5, 9)).toEqual(['live/c12', 'live/c13', 'live/c14', 'live/c15']);
    expect(lines(99).slice(5, 9)).toEqual(['live/c36', 'live/c37', 'live/c38', 'live/c39']);
    const last = renderTop(many, { ...PLAIN, columns: 140, rows: 10 }).at(-1);
    expect(last).toMatch(/ {2}sorted by name {2}1-4 of 30$/);
  });

  it('says that nothing is published, that it asks, and why it takes no work', () => {
    expect(renderTop(stateOf(overviewOf([], { nats: 'off' })), PLAIN).slice(1)).toEqual([
      'healthy',
      '0 streams  0 players  in 0.0 Mbit/s  out 0.0 Mbit/s',
      '',
      'nothing is published',
    ]);
    expect(renderTop(firstState(WHERE), PLAIN)).toEqual(['sluice top  http://127.0.0.1:8080', 'asking …', '']);
    const health = (node: Partial<Overview['node']>): string => renderTop(stateOf(overviewOf([], node)), PLAIN)[1]!;
    expect(health({ ready: false, reasons: ['it drains'], nats: 'down' })).toBe('takes no work: it drains  NATS down');
    expect(health({ degraded: ['no NATS', 'no disk'] })).toBe('degraded: no NATS; no disk  NATS up');
  });

  it('says for how long there was no answer, and goes on showing the last', () => {
    const away = unanswered(stateOf(TWO), 'ECONNREFUSED', LOOKED_MS - 5000);
    const lines = renderTop(away, PLAIN);
    expect(lines[1]).toBe('no answer for 5.0 s: ECONNREFUSED; it is asked again every second');
    expect(lines).toHaveLength(7);
  });

  it('keeps what strangers have named out of the terminal', () => {
    const evil = overviewStream('a\x1b[2J\u202e', { trouble: '\x07' });
    const text = renderTop(stateOf(overviewOf([evil])), { ...PLAIN, rows: 12 }).join('');
    expect(text).toContain('a\\x1b[2J\\u202e');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be in the text
    expect(text).not.toMatch(/[\x00-\x1f\x7f\u202e]/);
  });

  it('is painted where there are colours: trouble in yellow, and no answer in red', () => {
    const lines = renderTop(stateOf(TWO), { ...PLAIN, colour: true });
    expect(lines[1]).toBe('\x1b[32mhealthy  NATS up\x1b[0m');
    expect(lines[6]).toContain('\x1b[33mlive/cam2');
    expect(renderTop(unanswered(stateOf(TWO), 'x', LOOKED_MS), { ...PLAIN, colour: true })[1]).toContain('\x1b[31m');
  });
});
