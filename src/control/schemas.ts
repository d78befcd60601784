import { labelsSchema, limitsSchema } from '../config/auth-schemas.js';
import { z } from '../core/zod.js';
import { BAN_KINDS } from '../model/ban.js';
import { TRANSPORT_NAMES } from '../model/peer.js';

// Members that several operations share. Those of requests are strict. Those of answers stay open, so that a client of
// an older version accepts the answers of a newer one.

const HOUR = 3_600_000;
const YEAR = 31_536_000_000;

/** A text of at most so many characters without control characters. */
export const line = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u);

/** An id in a path: also one that no stream can have, which is unknown then. */
const id = z.string().regex(/^[A-Za-z0-9_.:-]{1,64}$/);

export const streamId = id.describe('Id of a live stream.');
export const playId = id.describe('Id of a play.');

export const reason = line(256).describe('Why, for the client, the event and the audit.').default('by the operator');

export const banTtlMs = z
  .int()
  .min(1000)
  .max(YEAR)
  .describe('Whoever is kicked is banned for so long: its principal, else its key, else its address.');

export const limitOfList = z.int().min(1).max(1000).default(1000).describe('Most items of an answer.');
export const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,2048}$/)
  .describe('Where to go on: `cursor` of the answer before.');

/** What selects streams and plays: all members that are given must hold. */
export const selector = {
  app: line(512).optional().describe('App, as a whole.'),
  name: line(512).optional().describe('Stream name, as a whole.'),
  ip: line(64).optional().describe('Address of the client.'),
  principal: line(256).optional().describe('Who it is, as admission named it.'),
  label: line(321).optional().describe('A label of the stream: `key` or `key=value`.'),
};

/** What a kick by selector takes besides the selector. */
export const kickBody = {
  reason,
  banTtlMs: banTtlMs.optional(),
  confirm: z
    .union([z.int().min(0), z.record(line(128).min(1), z.int().min(0))])
    .optional()
    .describe(
      'How many the selector matches; required when there is more than one. A 409 tells the number. By node id, where several nodes have some.',
    ),
  dryRun: z.boolean().optional().describe('Only counts the matches.'),
};

export const limits = limitsSchema.describe('Bounds of the stream; a missing member is no bound.');
export const labels = labelsSchema;
export const labelChanges = z
  .record(z.string().regex(/^[a-z0-9._-]{1,64}$/), line(256).nullable())
  .describe('Labels to set; `null` removes one.');

export const banKind = z.enum(BAN_KINDS);
export const banValue = line(512)
  .min(1)
  .describe('Principal, key fingerprint, IP address or CIDR block, or `app/name`.');
export const banTtl = z.int().min(1000).max(YEAR).default(HOUR).describe('How long the ban lasts.');

export const plainValue = z.unknown();

const peer = z.looseObject({ address: z.string(), port: z.int() });

/** A {@link StreamSnapshot} in an answer. */
export const streamShown = z.looseObject({
  streamId: z.string(),
  app: z.string(),
  name: z.string(),
  state: z.enum(['live', 'ready', 'suspended']),
  connectionId: z.string(),
  startedAt: z.iso.datetime(),
  readyAt: z.iso.datetime().optional(),
  peer,
  transport: z.enum(TRANSPORT_NAMES).optional(),
  encoder: z.string().optional(),
  principal: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  tracks: z.array(z.looseObject({ id: z.int(), kind: z.enum(['audio', 'video']), codec: z.string() })),
  players: z.int().describe('Players of this node.'),
  playersElsewhere: z
    .int()
    .optional()
    .describe('Players of other nodes that fetch it from this one, as those tell every 5 s; missing where none does.'),
  bytesIn: z.int(),
  bytesOut: z.int(),
  videoFrames: z.int(),
  audioFrames: z.int(),
  drops: z.int(),
  kbpsIn: z.number(),
});

/** A `StreamDetails` in an answer. */
export const streamDetails = streamShown.extend({
  kbpsOut: z.number().optional().describe('Sent to players, over the same time as kbpsIn.'),
  delayMs: z
    .number()
    .optional()
    .describe('How much further the newest media is behind the clock than at the best. Missing: unknown.'),
  gopMs: z.number().optional().describe('Media time between the last two keyframes. Missing before the second.'),
  trouble: z.string().optional().describe('What is wrong with it, in a sentence. Missing: nothing.'),
});

/** A {@link PlaySnapshot} in an answer. */
export const playShown = z.looseObject({
  playId: z.string(),
  connectionId: z.string(),
  app: z.string(),
  name: z.string(),
  streamId: z.string().optional(),
  peer,
  client: z.string().optional(),
  principal: z.string().optional(),
  job: z.looseObject({ template: z.string(), token: z.int() }).optional().describe('Of a play with a ticket.'),
  relay: z.looseObject({ nodeId: z.string() }).optional().describe('The node that plays it for its own players.'),
  startedAt: z.iso.datetime(),
});

/** A {@link Ban} in an answer. */
export const banShown = z.looseObject({
  kind: banKind,
  value: z.string(),
  untilMs: z.int(),
  reason: z.string(),
  by: z.string(),
});

/** The ban that a kick has set. */
export const banned = z.looseObject({ kind: banKind, value: z.string(), untilMs: z.int() });

/** An answer with `ok`, and `already` when what was asked for was so before. */
export function answer<S extends z.ZodRawShape>(members: S): z.ZodObject {
  return z.looseObject({ ok: z.literal(true), ...members });
}

/** The answer of an operation that changes something. */
export function done<S extends z.ZodRawShape>(members: S): z.ZodObject {
  return answer({ already: z.literal(true).optional().describe('It was so before.'), ...members });
}

/** The answer of a kick by selector. */
export const kicked = done({
  nodeId: z.string(),
  matched: z.int().describe('How many the selector matches on this node.'),
  kicked: z.array(z.string()).describe('Ids that were ended.'),
  banned: z.array(banned).optional(),
});

/** What a call of a client takes. */
export const callBody = {
  method: line(128).min(1),
  values: z.array(plainValue).max(64).default([]),
  timeoutMs: z.int().min(1).max(25_000).default(5000),
};

/** The answer of a call of a client. */
export const callAnswer = done({
  kind: z.enum(['result', 'error', 'timeout', 'gone']),
  values: z.array(plainValue).describe('What the client answered.'),
});

export const jobTemplate = z
  .string()
  .regex(/^[a-z0-9-]{1,48}$/)
  .describe('Name of the template of the job.');
export const jobToken = z.int().min(1).describe('Fencing token of the run: higher than that of every run before it.');

/** The id of a job in a path: also one that no job can have, which is unknown then. */
export const jobId = line(1200)
  .min(1)
  .describe('Id of a job: `<streamId>/<template>`, or `want/<app>/<name>/<template>` for a name that is wanted.');

/** A job in an answer. */
export const jobShown = z.looseObject({
  jobId: z.string(),
  state: z.enum(['open', 'held', 'running', 'stopping', 'done']),
  app: z.string(),
  name: z.string(),
  template: z.string(),
  attempt: z.int(),
  failures: z.int(),
});
