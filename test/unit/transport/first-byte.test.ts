import { expect, it } from 'vitest';
import { protocolOf } from '../../../src/transport/first-byte.js';

it('the first byte tells TLS and every method of HTTP, and everything else is for the RTMP handshake to judge', () => {
  const methods = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'];
  const http = new Set(methods.map((method) => method.charCodeAt(0)));
  for (let byte = 0; byte < 256; byte++) {
    const expected = byte === 0x16 ? 'tls' : http.has(byte) ? 'http' : 'rtmp';
    expect([byte, protocolOf(byte)]).toEqual([byte, expected]);
  }
});
