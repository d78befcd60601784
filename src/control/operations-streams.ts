import { z } from '../core/zod.js';
import type { Level, Operation } from './operation.js';
import { controlling, NODE_LEVEL, reading } from './operation-kinds.js';
import * as s from './schemas.js';

/** Ids in examples. */
const STREAM = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';
const PLAY = '01JZ8Z4M1R3S5T7V9WBCDEFGHJ';

const STREAM_LEVEL: readonly Level[] = ['stream'];

/** What the operations on one stream share. */
function stream(verb: string) {
  return {
    levels: STREAM_LEVEL,
    params: { streamId: s.streamId },
    http: [{ method: 'POST', path: `/v1/streams/:streamId/${verb}` }],
  } satisfies Pick<Operation, 'levels' | 'params' | 'http'>;
}

/** Operations on streams, plays and names that players wait for. */
export const STREAM_OPERATIONS = {
  get: {
    says: 'One live stream, with what is measured of it and what is wrong with it.',
    levels: STREAM_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/streams/:streamId' }],
    params: { streamId: s.streamId },
    body: {},
    answer: s.answer(s.streamDetails.shape),
    example: { streamId: STREAM },
  },
  kick: {
    says: 'Ends a stream with reason `kicked`; with banTtlMs its publisher is refused for that long.',
    ...stream('kick'),
    ...controlling,
    body: { reason: s.reason, banTtlMs: s.banTtlMs.optional() },
    answer: s.done({ banned: s.banned.optional() }),
    example: { streamId: STREAM, reason: 'off topic', banTtlMs: 60_000 },
  },
  revoke: {
    says: 'Takes the permission back: ends a stream with reason `auth_revoked`.',
    ...stream('revoke'),
    ...controlling,
    body: { reason: s.reason },
    answer: s.done({}),
    example: { streamId: STREAM, reason: 'contract ended' },
  },
  limit: {
    says: 'Replaces the limits of a stream.',
    ...stream('limit'),
    ...controlling,
    body: { limits: s.limits },
    answer: s.done({}),
    example: { streamId: STREAM, limits: { kbps: 8000, action: 'warn' } },
  },
  label: {
    says: 'Sets and removes labels of a stream.',
    ...stream('label'),
    ...controlling,
    body: { labels: s.labelChanges },
    answer: s.done({ labels: s.labels }),
    example: { streamId: STREAM, labels: { room: 'a1', old: null } },
  },
  reconnect: {
    says: 'Asks the publisher of a stream to connect again, at another server where tcUrl names one.',
    ...stream('reconnect'),
    ...controlling,
    body: {
      tcUrl: s
        .line(1024)
        .regex(/^rtmps?:\/\/[^@]*$/, 'an rtmp or rtmps URL without a user was expected')
        .optional(),
      reason: s.reason,
    },
    answer: s.done({ supported: z.boolean().describe('Whether the client said that it understands this.') }),
    example: { streamId: STREAM, reason: 'maintenance' },
  },
  send: {
    says: 'Sends a data message to the players of a stream, in order with its media.',
    ...stream('send'),
    ...controlling,
    body: {
      handler: s.line(128).min(1).describe('Name that players handle it by, such as `onTextData`.'),
      values: z.array(s.plainValue).max(64).default([]),
    },
    answer: s.done({}),
    example: { streamId: STREAM, handler: 'onTextData', values: [{ text: 'hello' }] },
  },
  call: {
    says: 'Calls a method of the client that publishes a stream, and waits for its answer.',
    ...stream('call'),
    ...controlling,
    body: s.callBody,
    answer: s.callAnswer,
    example: { streamId: STREAM, method: 'ping', values: [], timeoutMs: 100 },
  },
  ticket: {
    says: 'Issues a ticket with which one run of a job plays a stream; plays of runs before it end.',
    ...stream('ticket'),
    ...controlling,
    body: { template: s.jobTemplate, token: s.jobToken },
    answer: s.done({
      url: z.string().describe('Where the stream is played with the ticket. Secret.'),
      expiresAt: z.iso.datetime().describe('When the first play must have come.'),
    }),
    example: { streamId: STREAM, template: 'record', token: 4711 },
  },
  'streams.list': {
    says: 'Live streams, oldest first.',
    levels: ['all'],
    ...reading,
    http: [{ method: 'GET', path: '/v1/streams' }],
    params: {},
    body: { ...s.selector, limit: s.limitOfList, cursor: s.cursor.optional() },
    answer: s.answer({ nodeId: z.string(), streams: z.array(s.streamShown), cursor: s.cursor.optional() }),
    example: { app: 'live', limit: 50 },
  },
  'streams.kick': {
    says: 'Ends the streams that a selector matches.',
    levels: ['all'],
    ...controlling,
    http: [{ method: 'POST', path: '/v1/streams/kick' }],
    params: {},
    body: { ...s.selector, ...s.kickBody },
    answer: s.kicked,
    example: { app: 'live', ip: '192.0.2.7', reason: 'off topic', confirm: 2 },
  },
  'plays.list': {
    says: 'Running plays, oldest first.',
    levels: ['all', 'node'],
    ...reading,
    http: [{ method: 'GET', path: '/v1/plays' }],
    params: {},
    body: { ...s.selector, streamId: s.streamId.optional(), limit: s.limitOfList, cursor: s.cursor.optional() },
    answer: s.answer({ nodeId: z.string(), plays: z.array(s.playShown), cursor: s.cursor.optional() }),
    example: { app: 'live', limit: 50 },
  },
  'plays.kick': {
    says: 'Ends one play, or the plays that a selector matches.',
    levels: ['all', 'node'],
    ...controlling,
    http: [
      { method: 'POST', path: '/v1/plays/kick' },
      { method: 'POST', path: '/v1/plays/:playId/kick' },
    ],
    params: { playId: s.playId.optional() },
    body: { ...s.selector, streamId: s.streamId.optional(), ...s.kickBody },
    answer: s.kicked,
    example: { playId: PLAY, reason: 'one account, one player' },
  },
  'plays.call': {
    says: 'Calls a method of the client that plays, and waits for its answer.',
    levels: NODE_LEVEL,
    ...controlling,
    http: [{ method: 'POST', path: '/v1/plays/:playId/call' }],
    params: { playId: s.playId },
    body: s.callBody,
    answer: s.callAnswer,
    example: { playId: PLAY, method: 'ping', values: [], timeoutMs: 100 },
  },
  'wants.list': {
    says: 'Names that players wait for.',
    levels: ['all'],
    ...reading,
    http: [{ method: 'GET', path: '/v1/wants' }],
    params: {},
    body: { limit: s.limitOfList, cursor: s.cursor.optional() },
    answer: s.answer({
      nodeId: z.string(),
      wants: z.array(
        z.looseObject({
          app: z.string(),
          name: z.string(),
          players: z.int(),
          urls: z.looseObject({}).optional().describe('Where the name can be published.'),
        }),
      ),
      cursor: s.cursor.optional(),
    }),
    example: { limit: 50 },
  },
  'relays.list': {
    says: 'What this node carries between servers: streams of other nodes of the cluster, pushes and pulls.',
    levels: ['all'],
    ...reading,
    http: [{ method: 'GET', path: '/v1/relays' }],
    params: {},
    body: { limit: s.limitOfList, cursor: s.cursor.optional() },
    answer: s.answer({
      nodeId: z.string(),
      relays: z.array(
        z.looseObject({
          direction: z.enum(['copy', 'push', 'pull']).describe('copy: of a stream of another node of the cluster.'),
          app: z.string().optional(),
          name: z.string().optional(),
          match: z.string().optional().describe('Of a rule of relay.push that carries nothing now.'),
          rule: z.int().optional().describe('Which rule of relay.push that is, from 0.'),
          state: z
            .enum(['waiting', 'connecting', 'running', 'lost', 'retrying', 'failed'])
            .describe('lost: players of a copy are held; failed: it could not begin at all.'),
          players: z.int().optional().describe('Players of this node; missing of a push.'),
          bytes: z.int(),
          since: z.string(),
          url: z.string().optional().describe('The other server of a push or a pull, without what may be a key.'),
          kbps: z.int().optional().describe('Of a push or a pull that runs.'),
          drops: z.int().optional(),
          attempts: z.int().optional().describe('Connections that a push or a pull has tried.'),
          code: z.string().optional().describe('Why the newest connection failed; missing while one runs.'),
          detail: z.string().optional(),
          nextTryAt: z.iso.datetime().optional(),
          relayId: z.string().optional(),
          streamId: z.string().optional(),
          fromNode: z.string().optional().describe('The node that has the stream of a copy.'),
        }),
      ),
      cursor: s.cursor.optional(),
    }),
    example: { limit: 50 },
  },
} as const satisfies Record<string, Operation>;
