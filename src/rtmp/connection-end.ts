import type { ErrorCode } from '../core/errors.js';
import { playReasonOfCode, reasonOfCode, reasonOfSocketEnd } from '../live/end-reasons.js';
import type { EndReason, PlayEndReason } from '../model/reasons.js';

/** Why a connection ends, and what that means for what runs on it. Until something else is said, the peer has closed it. */
export class ConnectionEnd {
  code: ErrorCode = 'ERR_PEER_CLOSED';
  /** For logs; free of secrets. */
  detail = '';
  /** Of its plays. */
  playReason: PlayEndReason = 'client_closed';
  #reason: EndReason | undefined;

  /** Of its publishes. */
  get reason(): EndReason {
    return this.#reason ?? reasonOfCode(this.code);
  }

  /** What the ends of its publishes tell besides the reason. */
  get publishDetail(): ErrorCode | undefined {
    const { reason } = this;
    return reason === 'protocol_error' || reason === 'limit' ? this.code : undefined;
  }

  /** Gives a reason of its publishes; the first that is given counts. */
  because(reason: EndReason): void {
    this.#reason ??= reason;
  }

  /** It is closed with a code. */
  with(code: ErrorCode, detail: string): void {
    this.code = code;
    this.detail = detail;
  }

  /** It is cut off for a fault. */
  fault(code: ErrorCode, detail: string): void {
    this.with(code, detail);
    this.playReason = playReasonOfCode(code) ?? this.playReason;
  }

  /** Its socket was closed from the other side. */
  socketClosed(error: NodeJS.ErrnoException | undefined): void {
    if (error !== undefined) this.code = 'ERR_PEER_RESET';
    this.detail = error?.code ?? '';
    this.because(reasonOfSocketEnd(error));
  }
}
