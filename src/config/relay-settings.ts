import { isLinkLocal } from '../core/link-local.js';
import { z } from '../core/zod.js';
import { count, milliseconds, structure } from './setting.js';

/** A stream that is pushed: what matches, and where to. */
export interface PushSettings {
  /** Glob of `app/name`. */
  readonly match: string;
  readonly url: string;
}

/** A stream that is pulled: its name here, and where from. */
export interface PullSettings {
  /** `app/name`. */
  readonly name: string;
  readonly url: string;
  readonly when: 'always' | 'wanted';
}

const MOST_RULES = 256;
const MINUTE = 60_000;
const LIVE = { reload: 'live' } as const;
const SCHEMES = /^(rtmps?):\/\/(\[[^\]]*\]|[^/:?#[\]@{}]+)(:\d{1,5})?\/[^/?#]/i;

const url = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const problem = urlProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const push = z.strictObject({ match: z.string().min(1).max(512), url });
const pull = z.strictObject({
  name: z.string().regex(/^[^/?#]+(?:\/[^/?#]+)+$/, 'a name as app/name was expected'),
  url: url.refine((text) => !/[{}]/.test(text), 'a URL without {app} and {name} was expected'),
  when: z.enum(['always', 'wanted']).default('wanted'),
});

const pushes = z.array(push).max(MOST_RULES) as unknown as z.ZodType<readonly PushSettings[]>;
const pulls = z
  .array(pull)
  .max(MOST_RULES)
  .superRefine((rules, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of rules.entries()) {
      if (names.has(name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'another has this name' });
      names.add(name);
    }
  }) as unknown as z.ZodType<readonly PullSettings[]>;

/** Settings of relays: the group `relay` of the table. */
export const RELAY_SETTINGS = {
  push: structure<readonly PushSettings[]>(
    pushes,
    'a list of {match, url}',
    [],
    'Streams that are published to other servers as long as they run: docs/relays.md. `match`: a glob of `app/name`; `url`: rtmp:// or rtmps://, in which {app} and {name} stand for those of the stream; without a name it gets that of the stream.',
    { secret: true, ...LIVE },
  ),
  pull: structure<readonly PullSettings[]>(
    pulls,
    'a list of {name, url, when}',
    [],
    'Streams of other servers that are published here. `name`: its name here, as app/name; `when`: `wanted` (while players are here, the default) or `always`.',
    { secret: true, ...LIVE },
  ),
  maxRelays: count(
    1,
    10_000,
    256,
    'Most relays, pushes and pulls together. A stream past it is not relayed; that is logged.',
    LIVE,
  ),
  connectTimeoutMs: milliseconds(
    500,
    MINUTE,
    10_000,
    'How long another server may take from the first packet until it publishes or plays. After that the relay tries again.',
    LIVE,
  ),
  idleTimeoutMs: milliseconds(
    1000,
    10 * MINUTE,
    15_000,
    'How long nothing may move on the connection of a relay that has something to carry. After that it connects again.',
    LIVE,
  ),
  lingerMs: milliseconds(
    0,
    60 * MINUTE,
    10_000,
    'How long a stream that is pulled while it is wanted stays after its last player has gone.',
    LIVE,
  ),
} as const;

/** The URL itself is not told: it may hold a key. */
function urlProblem(text: string): string | undefined {
  const [, , host] = SCHEMES.exec(text) ?? [];
  if (host === undefined) return 'a URL as rtmp://host[:port]/app/name, without a user, was expected';
  return isLinkLocal(host) ? 'link-local addresses are not connected to' : undefined;
}
