import type { ErrorCode } from '../core/errors.js';

const C0_C1_BYTES = 1537;

/** How long after its start a connection may be in the handshake, in ms: less until C0 and C1 are there. */
export function handshakeLimitMs(
  bytesIn: number,
  limits: { readonly firstBytesTimeoutMs: number; readonly handshakeTimeoutMs: number },
): number {
  const { firstBytesTimeoutMs, handshakeTimeoutMs } = limits;
  return bytesIn < C0_C1_BYTES ? Math.min(firstBytesTimeoutMs, handshakeTimeoutMs) : handshakeTimeoutMs;
}

/** Times after which a publisher that sends no media is closed, in ms. */
export interface PublishDeadlines {
  readonly firstFrameTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** The times of a publication's media; monotonic ms, 0 before the first. */
interface MediaTimes {
  readonly startedMs: number;
  readonly lastAudioMs: number;
  readonly lastVideoMs: number;
  readonly tracks: {
    /** Of data messages, for a stream that consists of nothing else; else 0. */
    readonly dataMs: number;
  };
}

/** The code for a publisher that has sent nothing of which its stream consists for too long, or undefined. */
export function publishProblem(
  { startedMs, lastAudioMs, lastVideoMs, tracks }: MediaTimes,
  { firstFrameTimeoutMs, idleTimeoutMs }: PublishDeadlines,
  nowMs: number,
): ErrorCode | undefined {
  const lastMs = Math.max(lastAudioMs, lastVideoMs, tracks.dataMs);
  if (lastMs === 0) return nowMs - startedMs >= firstFrameTimeoutMs ? 'ERR_PUBLISH_NO_MEDIA' : undefined;
  return nowMs - lastMs >= idleTimeoutMs ? 'ERR_PUBLISH_IDLE' : undefined;
}
