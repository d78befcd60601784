import { parseDuration } from '../core/duration.js';
import { isLinkLocal } from '../core/link-local.js';
import { z } from '../core/zod.js';
import { structure } from './setting.js';
import { suggest } from './suggest.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The forms in which a webhook may be posted. */
const WEBHOOK_FORMATS = ['cloudevents', 'srs', 'nginx-rtmp'] as const;

/** One webhook of `webhooks`, defaults filled in. Times in ms. */
export interface WebhookSettings {
  /** Unique, whatever the case of its letters; its files in the data folder are named after it. */
  readonly name: string;
  readonly url: string;
  /** Globs of event types. */
  readonly types: readonly string[];
  /** Glob of `app/name`; `**`: everything, events of nodes included. */
  readonly match: string;
  /** Empty: requests are not signed. */
  readonly secret: string;
  readonly format: (typeof WEBHOOK_FORMATS)[number];
  readonly retryFor: number;
  readonly timeoutMs: number;
  readonly deadLetterBytes: number;
}

/** The members of a webhook, for the hint on one that is not known. */
const MEMBERS = ['name', 'url', 'types', 'match', 'secret', 'format', 'retryFor', 'timeoutMs', 'deadLetterBytes'];
const MOST_WEBHOOKS = 32;

const glob = z.string().min(1).max(512);

const time = (least: number, most: number, fallback: number): z.ZodType<number> =>
  z.preprocess(
    (value) => (typeof value === 'string' ? (parseDuration(value, 'ms') ?? value) : value),
    z.int(`ms, or a duration such as 30s or 24h, was expected`).min(least).max(most).default(fallback),
  );

const webhook = z.strictObject(
  {
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'a name of letters, digits, _ and - was expected'),
    url: z.string().max(2048).superRefine(checkUrl),
    types: z.preprocess(
      (value) => (typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value),
      z.array(glob).min(1).max(100).default(['**']),
    ),
    match: glob.default('**'),
    secret: z.string().max(1024).default(''),
    format: z.enum(WEBHOOK_FORMATS).default('cloudevents'),
    retryFor: time(0, 30 * DAY, DAY),
    timeoutMs: time(100, MINUTE, 5000),
    deadLetterBytes: z
      .int()
      .min(64 << 10)
      .max(1 << 30)
      .default(16 << 20),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? unknownMember(issue.keys) : undefined) },
);

const schema = z
  .array(webhook)
  .max(MOST_WEBHOOKS, `at most ${MOST_WEBHOOKS} webhooks were expected`)
  .superRefine((webhooks, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of webhooks.entries()) {
      // Some file systems take `Billing` and `billing` for one file.
      const key = name.toLowerCase();
      if (names.has(key)) context.addIssue({ code: 'custom', path: [index, 'name'], message: 'another has this name' });
      names.add(key);
    }
  }) as unknown as z.ZodType<readonly WebhookSettings[]>;

/** `webhooks`. */
export const WEBHOOKS_SETTING = structure<readonly WebhookSettings[]>(
  schema,
  'a list of {name, url, types, match, secret, format, retryFor, timeoutMs, deadLetterBytes}',
  [],
  'HTTP servers that are told of events, signed, in order per stream, and again until they take them: docs/webhooks.md. `types`: globs such as `stream.*`; `match`: a glob of `app/name`; `format`: cloudevents, srs, nginx-rtmp; `retryFor`: how long one event is tried (24h).',
  { secret: true, reload: 'live' },
);

/** Refuses what cannot be posted to. The URL itself is not told: it may hold a secret. */
function checkUrl(text: string, context: z.core.$RefinementCtx<string>): void {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}

function urlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'an http or https URL was expected';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'an http or https URL was expected';
  if (url.username !== '' || url.password !== '') return 'a URL without user and password was expected';
  return isLinkLocal(url.hostname) ? 'link-local addresses are not posted to' : undefined;
}

function unknownMember(keys: readonly string[] = []): string {
  const [key = ''] = keys;
  const near = suggest(key, MEMBERS);
  return `${key.slice(0, 64)} is no member of a webhook${near === undefined ? '' : `, did you mean ${near}?`}`;
}
