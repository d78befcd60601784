import { createHash } from 'node:crypto';
import { z } from '../core/zod.js';
import type { OwnerNews, OwnerOf } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';

const id = z.string().min(1).max(256);

const OWNER_VALUE = z.object({
  /** `released`: the name is free again; the value stays so that the next claim can name its revision. */
  state: z.enum(['live', 'moving', 'released']),
  nodeId: id,
  bootId: id,
  streamId: id,
  /** SHA-256 of the principal that publishes, the first 32 digits of its hex form. */
  principalHash: z.string().max(64),
  /** RFC 3339, by the clock of the node that wrote it. */
  claimedAt: z.string().max(64),
  /** Different in each write, so that a write whose answer was lost is found again. */
  nonce: id,
  /** Node id of the one that gets the name, while it is `moving`. */
  to: id.optional(),
  /** Revision of the last `live` write, in every other value: it stays the epoch of the stream. */
  liveRevision: z.number().int().min(0).optional(),
});

/** The value of a name in `SLUICE_OWNERS`. */
export type OwnerValue = z.infer<typeof OWNER_VALUE>;

/** What the registry holds of a name. */
export interface HeldName {
  /** Undefined: the key was never written, was deleted, or holds what no node writes. */
  readonly value: OwnerValue | undefined;
  /** Which registry it is, and the revision that a write has to expect: 0 for none. */
  readonly epoch: Epoch;
}

const NEWS = z.object({
  state: z.enum(['live', 'moving', 'released']),
  nodeId: id,
  epoch: z.number().int().min(0),
  registry: z.string().max(64),
});

/** Checks what a bucket holds: anything that may write to the NATS may have written it. */
export function ownerValueOf(held: unknown): OwnerValue | undefined {
  const parsed = OWNER_VALUE.safeParse(held);
  return parsed.success ? parsed.data : undefined;
}

/** Who has a name, by what the registry holds. */
export function ownerOf({ value, epoch }: HeldName): OwnerOf | 'none' {
  if (value === undefined || value.state === 'released') return 'none';
  const { state, nodeId, bootId, streamId, liveRevision } = value;
  const revision = state === 'live' ? epoch.revision : (liveRevision ?? epoch.revision);
  return { nodeId, bootId, streamId, state, epoch: { registry: epoch.registry, revision } };
}

/** The message that tells a change. */
export function newsBody({ state, nodeId, epoch }: OwnerNews): object {
  return { epoch: epoch.revision, registry: epoch.registry, state, nodeId };
}

/** Reads what {@link newsBody} made. @returns undefined when it is something else */
export function parseNews(body: Uint8Array): OwnerNews | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = NEWS.safeParse(json);
  if (!parsed.success) return undefined;
  const { state, nodeId, epoch, registry } = parsed.data;
  return { state, nodeId, epoch: { registry, revision: epoch } };
}

/** What of a principal the registry may hold: two claims of the same one can be told, and not whose they are. */
export function principalHash(principal: string): string {
  return createHash('sha256').update(principal).digest('hex').slice(0, 32);
}
