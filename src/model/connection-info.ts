import type { NodeClient } from './node-link.js';

/**
 * The codecs that a client announced for Enhanced RTMP, by FourCC; `*` stands for all. Each has the bits of
 * FourCcInfoMask: 1 it decodes, 2 it encodes, 4 it passes on.
 */
export interface AnnouncedCodecs {
  readonly video: { readonly [fourCc: string]: number };
  readonly audio: { readonly [fourCc: string]: number };
}

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
  /** Absent when it announced no codec. */
  readonly codecs?: AnnouncedCodecs | undefined;
  /** The node of this cluster that it is; only where that was let in as one. */
  readonly node?: NodeClient | undefined;
}
