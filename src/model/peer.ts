/** A peer's address and port. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Every way that RTMP can be carried. */
export const TRANSPORT_NAMES = ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpte', 'rtmpts'] as const;

/** How the bytes of a connection arrive. */
export type TransportName = (typeof TRANSPORT_NAMES)[number];
