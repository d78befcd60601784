import { count, listenAddress, milliseconds, text, toggle } from './setting.js';

const HOUR = 3_600_000;

/** Settings of players over HTTP and WebSocket: the group `httpFlv` of the table. */
export const HTTP_FLV_SETTINGS = {
  enabled: toggle(true, 'Whether streams can be played as FLV over HTTP and WebSocket: `/app/name.flv`.'),
  listen: listenAddress(
    'off',
    'Where players over HTTP and WebSocket are served, and nothing else. `off`: only on http.listen, which also serves control; give viewers an address of their own. There is no TLS: put a proxy before it.',
    { canBeOff: true },
  ),
  cors: text(
    4096,
    '',
    'Origins, separated by commas, whose pages may play: `https://example.org`; `*` allows any. Empty: only pages of this server.',
    { reload: 'new' },
  ),
  maxPlayers: count(1, 100_000, 1000, 'Most players over HTTP and WebSocket at once.', { reload: 'live' }),
  waitMs: milliseconds(
    0,
    HOUR,
    0,
    'How long a request for a stream that nobody publishes waits for its publisher; past it the answer is 404.',
    { reload: 'new' },
  ),
  startTimeoutMs: milliseconds(
    100,
    HOUR,
    15_000,
    'How long a request waits for a stream that is published to show what it has; past it the answer is 503.',
    { reload: 'new' },
  ),
} as const;
