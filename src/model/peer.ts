import { integer, named, object, oneOf, type Shape, type TypeOf, text } from './shape.js';

const peer = named('Peer', object({ address: text(64), port: integer(0, 65535) }));

/** A peer's address and port. */
export interface Peer extends TypeOf<typeof peer> {}

/** The shape of a {@link Peer}. */
export const peerShape: Shape<Peer> = peer;

/** Every way that RTMP can be carried, and FLV to players. */
export const TRANSPORT_NAMES = ['rtmp', 'rtmps', 'rtmpe', 'rtmpt', 'rtmpte', 'rtmpts', 'http-flv', 'ws-flv'] as const;

/** How the bytes of a connection arrive. */
export type TransportName = (typeof TRANSPORT_NAMES)[number];

/** The shape of a {@link TransportName}. */
export const transportShape: Shape<TransportName> = named('TransportName', oneOf(TRANSPORT_NAMES));
