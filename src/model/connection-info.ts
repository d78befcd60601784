/** What is known of a client after connect. Nothing in it is secret. */
export interface ConnectionInfo {
  /** Normalised app, query cut off. */
  readonly app: string;
  /** Query and credentials cut off; `''` when the client sent none. */
  readonly tcUrl: string;
  readonly flashVer: string;
  readonly swfUrl: string;
  readonly pageUrl: string;
  /** 0 or 3, echoed to the client. */
  readonly objectEncoding: number;
  /** Whether the client announced Enhanced RTMP in any form. */
  readonly isEnhanced: boolean;
  /** The client's `capsEx` bits; 0 when it sent none. */
  readonly capsEx: number;
}
