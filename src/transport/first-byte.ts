/** What a connection speaks, as its first byte tells. */
type FirstProtocol = 'rtmp' | 'tls' | 'http';

/** The type of a TLS record that begins a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 0x16;
/** First letters of CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT and TRACE (RFC 9110 §9, RFC 5789). */
const HTTP_LETTERS = new Set(Buffer.from('CDGHOPT'));

/**
 * Tells the protocol of a connection by its first byte. RTMP begins with its version (RTMP 1.0 §5.2.2: 3, and 6, 8 or 9
 * for RTMPE). Whatever else comes is taken for RTMP too, whose handshake says what is wrong with it.
 */
export function protocolOf(firstByte: number): FirstProtocol {
  if (firstByte === TLS_HANDSHAKE) return 'tls';
  return HTTP_LETTERS.has(firstByte) ? 'http' : 'rtmp';
}
