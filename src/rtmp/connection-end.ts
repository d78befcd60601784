import { type ErrorCode, SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { playReasonOfCode, reasonOfCode, reasonOfSocketEnd } from '../live/end-reasons.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/**
 * Why a connection ends, and what that means for its plays and publishes. As long as nothing else is said, the peer has
 * closed it.
 */
export class ConnectionEnd {
  code: ErrorCode = 'ERR_PEER_CLOSED';
  /** For logs; free of secrets. */
  detail = '';
  /** Reason for its plays. */
  playReason: PlayEndReason = 'client_closed';
  #reason: EndReason | undefined;

  /** Reason for its publishes. */
  get reason(): EndReason {
    return this.#reason ?? reasonOfCode(this.code);
  }

  /** Detail for the ends of its publishes, besides the reason. */
  get publishDetail(): ErrorCode | undefined {
    const { reason } = this;
    return reason === 'protocol_error' || reason === 'limit' ? this.code : undefined;
  }

  /** Gives a reason for its publishes. The first one counts. */
  because(reason: EndReason): void {
    this.#reason ??= reason;
  }

  /** It is closed with a code. */
  with(code: ErrorCode, detail: string): void {
    this.code = code;
    this.detail = detail;
  }

  /** It is closed for a fault. */
  fault(code: ErrorCode, detail: string): void {
    this.with(code, detail);
    this.playReason = playReasonOfCode(code) ?? this.playReason;
  }

  /** The peer closed its socket, or its channel was closed for a fault that has a code. */
  socketClosed(error: NodeJS.ErrnoException | undefined): void {
    if (error instanceof SluiceError) {
      this.fault(error.code, error.detail);
      return;
    }
    if (error !== undefined) this.code = 'ERR_PEER_RESET';
    this.detail = error?.code ?? '';
    this.because(reasonOfSocketEnd(error));
  }
}

/** Ends everything that runs on a connection. A defect of Sluice in one end keeps no other from being told. */
export function endEach(log: Logger, connectionId: string, ends: readonly (() => void)[]): void {
  for (const end of ends) {
    try {
      end();
    } catch (error) {
      log.error({ connectionId, err: error, code: 'ERR_INTERNAL' }, 'an end failed inside');
    }
  }
}
