import { z } from '../core/zod.js';
import type { Level, Operation } from './operation.js';
import * as s from './schemas.js';

const NODE_LEVEL: readonly Level[] = ['node'];
const name = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .describe('Name of a webhook of the settings.');

const shown = z.looseObject({
  name: z.string(),
  url: z.string().describe('Without what may be a secret.'),
  format: z.string(),
  state: z.enum(['ok', 'failing', 'off']),
  pending: z.int().describe('Events that are to be delivered, as far as they have been looked at.'),
  unread: z.int().describe('Events of the journal that it has not looked at.'),
  delivered: z.int(),
  failed: z.int().describe('Failed attempts.'),
  deadLetters: z.int(),
  lagMs: z.int().describe('Age of the oldest event that is to be delivered.'),
  problem: z.string().describe('Why the last failed attempt failed; empty: none has.'),
});

/** The operations on the webhooks of a node: a part of the table of all operations. */
export const WEBHOOK_OPERATIONS = {
  'webhooks.list': {
    says: 'The webhooks of this node, and how they are.',
    levels: NODE_LEVEL,
    scope: 'read',
    mutates: false,
    http: [{ method: 'GET', path: '/v1/webhooks' }],
    params: {},
    body: {},
    answer: s.answer({ nodeId: z.string(), webhooks: z.array(shown) }),
    example: {},
  },
  'webhooks.test': {
    says: 'Posts something that is no event to a webhook, once, and says what came of it.',
    levels: NODE_LEVEL,
    scope: 'control',
    mutates: true,
    http: [{ method: 'POST', path: '/v1/webhooks/:name/test' }],
    params: { name },
    body: {},
    answer: s.done({
      taken: z.boolean(),
      status: z.int().optional().describe('Status of the answer, when there was one.'),
      why: z.string(),
      latencyMs: z.int(),
    }),
    example: { name: 'billing' },
  },
  'webhooks.replay': {
    says: 'Delivers the events since a time once more to a webhook, behind those that are still to be delivered.',
    levels: NODE_LEVEL,
    scope: 'control',
    mutates: true,
    http: [{ method: 'POST', path: '/v1/webhooks/:name/replay' }],
    params: { name },
    body: { since: z.iso.datetime({ offset: true }).describe('The first moment. What is no longer kept is left out.') },
    answer: s.done({
      events: z.int().describe('How many events are looked at again, also such that it is not about.'),
    }),
    example: { name: 'billing', since: '2026-01-01T12:00:00Z' },
  },
} as const satisfies Record<string, Operation>;
