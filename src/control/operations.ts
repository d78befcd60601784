import { ACTIONS } from '../config/auth-schemas.js';
import { LOG_LEVELS } from '../core/log.js';
import { z } from '../core/zod.js';
import type { Operation } from './operation.js';
import { administering, controlling, NODE_LEVEL, reading } from './operation-kinds.js';
import { JOB_OPERATIONS } from './operations-jobs.js';
import { STREAM_OPERATIONS } from './operations-streams.js';
import * as s from './schemas.js';
import { WEBHOOK_OPERATIONS } from './webhook-operations.js';

const HOUR = 3_600_000;

const facts = z.record(z.string(), z.unknown());
const revision = z.string().describe('Names this state of the configuration.');
const patch = facts.describe('Settings to change, as a merge patch: `null` brings back the default.');
const problems = z.array(z.looseObject({ key: z.string(), message: z.string() }));
const changed = {
  revision,
  changed: z.array(z.string()).describe('Keys that hold another value now.'),
  restart: z.array(z.string()).optional().describe('Keys that hold only after a restart.'),
};
const reauthorise = z.boolean().optional().describe('Asks admission about running streams and plays again.');
const drainState = z.looseObject({
  deadlineAt: z.iso.datetime(),
  streams: z.int(),
  plays: z.int(),
  journalPending: z.int(),
});

/** Every operation there is, by verb. HTTP, NATS and the command line are skins over this table. */
export const OPERATIONS = {
  ...STREAM_OPERATIONS,
  ...JOB_OPERATIONS,
  'nodes.list': {
    says: 'This node, as a list of one; with scope=cluster every node.',
    levels: ['all'],
    ...reading,
    http: [{ method: 'GET', path: '/v1/nodes' }],
    params: {},
    body: {},
    answer: s.answer({ nodeId: z.string(), nodes: z.array(z.looseObject({ nodeId: z.string(), bootId: z.string() })) }),
    example: {},
  },
  info: {
    says: 'This node.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/node' }],
    params: {},
    body: {},
    answer: s.answer({ nodeId: z.string(), bootId: z.string(), version: z.string() }),
    example: {},
  },
  drain: {
    says: 'Takes no more work, waits for what runs until the deadline, then ends it and stops the process.',
    levels: NODE_LEVEL,
    ...administering,
    http: [{ method: 'POST', path: '/v1/node/drain' }],
    params: {},
    body: {
      deadlineMs: z
        .int()
        .min(0)
        .max(24 * HOUR)
        .default(300_000)
        .describe('Time until the rest is ended.'),
      reconnectTo: s
        .line(1024)
        .regex(/^rtmps?:\/\/[^@]*$/, 'an rtmp or rtmps URL without a user was expected')
        .optional()
        .describe('Where clients that understand it are asked to go.'),
    },
    answer: s.done(drainState.shape),
    example: { deadlineMs: 300_000 },
  },
  undrain: {
    says: 'Ends a drain before its deadline: the node takes work again.',
    levels: NODE_LEVEL,
    ...administering,
    http: [{ method: 'POST', path: '/v1/node/undrain' }],
    params: {},
    body: {},
    answer: s.done({}),
    example: {},
  },
  'config.get': {
    says: 'The settings that hold, without secrets.',
    levels: ['all', 'node'],
    scope: 'admin',
    mutates: false,
    http: [{ method: 'GET', path: '/v1/config', etagMember: 'revision' }],
    params: {},
    body: {},
    answer: s.answer({ nodeId: z.string(), revision, config: facts }),
    example: {},
  },
  'config.validate': {
    says: 'Whether settings could be changed so, and what the change would do. Changes nothing.',
    levels: NODE_LEVEL,
    scope: 'admin',
    mutates: false,
    http: [{ method: 'POST', path: '/v1/config/validate', bodyMember: 'patch' }],
    params: {},
    body: { patch },
    answer: s.answer({
      valid: z.boolean(),
      problems,
      changed: z.array(z.string()),
      restart: z.array(z.string()).optional(),
    }),
    example: { patch: { log: { level: 'debug' } } },
  },
  'config.set': {
    says: 'Changes settings while the node runs: all of them or none.',
    levels: NODE_LEVEL,
    ...administering,
    http: [
      {
        method: 'PATCH',
        path: '/v1/config',
        bodyMember: 'patch',
        ifMatchMember: 'revision',
        etagMember: 'revision',
      },
    ],
    params: {},
    body: { patch, revision: revision.optional(), reauthorise },
    answer: s.done(changed),
    example: { patch: { log: { level: 'debug' } } },
  },
  'config.reload': {
    says: 'Reads the configuration file again, as SIGHUP does.',
    levels: NODE_LEVEL,
    ...administering,
    http: [{ method: 'POST', path: '/v1/config/reload' }],
    params: {},
    body: { reauthorise },
    answer: s.done(changed),
    example: {},
  },
  'log.level': {
    says: 'Changes how much is logged, until the next start.',
    levels: NODE_LEVEL,
    ...administering,
    http: [{ method: 'POST', path: '/v1/node/log-level' }],
    params: {},
    body: { level: z.enum(LOG_LEVELS) },
    answer: s.done({ level: z.enum(LOG_LEVELS) }),
    example: { level: 'debug' },
  },
  'bans.list': {
    says: 'Bans that hold.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/bans' }],
    params: {},
    body: { kind: s.banKind.optional(), limit: s.limitOfList, cursor: s.cursor.optional() },
    answer: s.answer({ bans: z.array(s.banShown), cursor: s.cursor.optional() }),
    example: { kind: 'principal', limit: 50 },
  },
  'bans.add': {
    says: 'Bans: what it names is ended on every node and refused from then on.',
    levels: NODE_LEVEL,
    ...controlling,
    http: [{ method: 'POST', path: '/v1/bans' }],
    params: {},
    body: { kind: s.banKind, value: s.banValue, ttlMs: s.banTtl, reason: s.reason },
    answer: s.done({ ban: s.banShown }),
    example: { kind: 'address', value: '192.0.2.0/24', ttlMs: HOUR, reason: 'guesses keys' },
  },
  'bans.remove': {
    says: 'Lifts a ban.',
    levels: NODE_LEVEL,
    ...controlling,
    http: [{ method: 'DELETE', path: '/v1/bans/:kind/:value' }],
    params: { kind: s.banKind, value: s.banValue },
    body: {},
    answer: s.done({}),
    example: { kind: 'address', value: '192.0.2.0/24' },
  },
  'auth.test': {
    says: 'What every responder would answer, and why. Nothing is published, banned or counted.',
    levels: NODE_LEVEL,
    scope: 'admin',
    mutates: false,
    http: [{ method: 'POST', path: '/v1/auth/test' }],
    params: {},
    body: {
      action: z.enum(ACTIONS),
      app: s.line(512).min(1),
      name: s.line(512).default(''),
      query: z.string().max(4096).default('').describe('Query of the URL, without `?`.'),
      address: s.line(64).default('127.0.0.1').describe('Address of the client.'),
      transport: s.line(16).default('rtmp'),
      tcUrl: s.line(1024).optional(),
    },
    answer: s.answer({
      decision: z.enum(['allow', 'deny', 'redirect']),
      code: z.string().optional(),
      message: z.string().optional(),
      responders: z.array(
        z.looseObject({ name: z.string(), decision: z.string(), why: z.string(), latencyMs: z.number() }),
      ),
    }),
    example: { action: 'publish', app: 'live', name: 'cam1', query: 'key=secret', address: '192.0.2.7' },
  },
  ...WEBHOOK_OPERATIONS,
} as const satisfies Record<string, Operation>;

/** The name of an operation: a key of {@link OPERATIONS}. */
export type Verb = keyof typeof OPERATIONS;

/** The input of an operation after validation, defaults filled in. */
export type InputOf<V extends Verb> = ValuesOf<(typeof OPERATIONS)[V]['params']> &
  ValuesOf<(typeof OPERATIONS)[V]['body']>;

type ValuesOf<S extends z.ZodRawShape> = keyof S extends never ? unknown : z.output<z.ZodObject<S>>;

/** Whether there is such an operation. */
export function isVerb(text: string): text is Verb {
  return Object.hasOwn(OPERATIONS, text);
}
