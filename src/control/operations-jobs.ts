import { z } from '../core/zod.js';
import type { Operation } from './operation.js';
import { controlling, NODE_LEVEL, reading } from './operation-kinds.js';
import * as s from './schemas.js';

const JOB = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD/record';

const params = { jobId: s.jobId };

/**
 * Operations on jobs. Their records are in NATS, so that every node answers the same, and one without NATS answers
 * none.
 */
export const JOB_OPERATIONS = {
  'jobs.list': {
    says: 'Jobs in NATS, by stream. A part may have few, or none, and a cursor all the same.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/jobs' }],
    params: {},
    body: {
      state: z.enum(['open', 'running', 'failed', 'done']).optional().describe('`done`: over, whatever came of it.'),
      app: s.selector.app,
      name: s.selector.name,
      streamId: s.streamId.optional(),
      template: s.jobTemplate.optional(),
      limit: s.limitOfList,
      cursor: s.cursor.optional(),
    },
    answer: s.answer({ jobs: z.array(s.jobShown), cursor: s.cursor.optional() }),
    example: { state: 'open', app: 'live', limit: 50 },
  },
  'jobs.templates': {
    says: 'Job templates, without what may be secret in them.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/jobs/templates' }],
    params: {},
    body: {},
    answer: s.answer({ templates: z.array(z.looseObject({ name: z.string(), revision: z.int() })) }),
    example: {},
  },
  'jobs.runners': {
    says: 'Runners of jobs.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/jobs/runners' }],
    params: {},
    body: {},
    answer: s.answer({ runners: z.array(z.looseObject({ runnerId: z.string(), state: z.string() })) }),
    example: {},
  },
  'jobs.get': {
    says: 'One job.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/jobs/:jobId' }],
    params,
    body: {},
    answer: s.answer(s.jobShown.shape),
    example: { jobId: JOB },
  },
  'jobs.log': {
    says: 'The end of the log of a job, or what follows a cursor, from the runner that has it.',
    levels: NODE_LEVEL,
    ...reading,
    http: [{ method: 'GET', path: '/v1/jobs/:jobId/log' }],
    params,
    body: {
      attempt: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('By default the newest that ran.'),
      cursor: s.cursor.optional(),
    },
    answer: s.answer({
      jobId: z.string(),
      attempt: z.int(),
      attempts: z.array(z.int()).describe('Of which the runner has logs.'),
      text: z.string().describe('Whole lines, at most 64 KiB; secrets are masked. As the program printed them.'),
      isEnd: z.boolean().describe('The attempt is over, and this is the end of its log.'),
      cursor: s.cursor,
      progress: z
        .looseObject({ frame: z.int().optional(), outTimeMs: z.int().optional() })
        .optional()
        .describe('How far its program is; missing: it does not run, or tells nothing.'),
    }),
    example: { jobId: JOB, attempt: 1 },
  },
  'jobs.stop': {
    says: 'Ends a job.',
    levels: NODE_LEVEL,
    ...controlling,
    http: [{ method: 'POST', path: '/v1/jobs/:jobId/stop' }],
    params,
    body: {},
    answer: s.done({ job: s.jobShown }),
    example: { jobId: JOB },
  },
  'jobs.retry': {
    says: 'Has a job that is over run again, while its stream is live.',
    levels: NODE_LEVEL,
    ...controlling,
    http: [{ method: 'POST', path: '/v1/jobs/:jobId/retry' }],
    params,
    body: {},
    answer: s.done({ job: s.jobShown }),
    example: { jobId: JOB },
  },
} as const satisfies Record<string, Operation>;
