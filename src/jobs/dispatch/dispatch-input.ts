import { z } from '../../core/zod.js';

// What workers outside say. Everything is bounded, because any client of NATS may say it.

/** Id of a worker: a part of a key of a bucket. */
const workerId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const templateName = z.string().regex(/^[a-z0-9-]{1,48}$/);
const labels = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((value) => Object.keys(value).length <= 16, 'at most 16 labels');
/** Two names of 128 characters as they may be, with what stands around them. */
const jobId = z.string().min(3).max(1100);
const token = z.int().min(1);
const figure = z.number().optional();

/** Longest time that a lease waits for a job, in ms. */
const LONGEST_WAIT_MS = 30_000;

/** Bodies of the requests, by verb. */
export const DISPATCH_INPUT = {
  lease: z.strictObject({
    worker: workerId,
    templates: z.array(templateName).min(1).max(64),
    labels: labels.default({}),
    waitMs: z.int().min(0).max(LONGEST_WAIT_MS).default(0),
  }),
  beat: z.strictObject({
    ...{ jobId, token },
    worker: workerId.optional(),
    progress: z
      .strictObject({
        ...{ frame: figure, fps: figure, bitrateKbps: figure, totalBytes: figure, outTimeMs: figure },
        ...{ dupFrames: figure, dropFrames: figure, speed: figure },
      })
      .optional(),
  }),
  done: z.strictObject({
    ...{ jobId, token },
    worker: workerId.optional(),
    outcome: z.enum(['succeeded', 'failed', 'stopped']),
    reason: z.string().max(4096).default(''),
    exit: z.int().min(0).max(255).optional(),
  }),
} as const;

/** What workers may ask for. */
export type DispatchVerb = keyof typeof DISPATCH_INPUT;

/** The body of a request, defaults filled in. */
export type DispatchInput<V extends DispatchVerb> = z.output<(typeof DISPATCH_INPUT)[V]>;
