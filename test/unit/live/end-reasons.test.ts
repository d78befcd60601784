import { describe, expect, it } from 'vitest';
import { playReasonOfCode, reasonOfCode, reasonOfSocketEnd } from '../../../src/live/end-reasons.js';

describe('why a stream ended', () => {
  it('is told from the error of the socket', () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    expect(reasonOfSocketEnd(undefined)).toBe('client_closed');
    expect(reasonOfSocketEnd(error('ECONNRESET'))).toBe('client_reset');
    expect(reasonOfSocketEnd(error('EPIPE'))).toBe('client_reset');
    expect(reasonOfSocketEnd(error('ETIMEDOUT'))).toBe('dead_peer');
    expect(reasonOfSocketEnd(error('EHOSTUNREACH'))).toBe('dead_peer');
  });

  it('is told from the code with which the connection was closed', () => {
    expect(reasonOfCode('ERR_PEER_CLOSED')).toBe('client_closed');
    expect(reasonOfCode('ERR_SESSION_KICKED')).toBe('kicked');
    expect(reasonOfCode('ERR_SESSION_SHUTDOWN')).toBe('server_drain');
    expect(reasonOfCode('ERR_SESSION_PING_TIMEOUT')).toBe('dead_peer');
    expect(reasonOfCode('ERR_LIMIT_UNREAD')).toBe('limit');
    for (const code of [
      'ERR_CHUNK_MEDIA_TOO_LONG',
      'ERR_CHUNK_REASSEMBLY_LIMIT',
      'ERR_SESSION_COMMAND_RATE',
    ] as const) {
      expect(reasonOfCode(code)).toBe('limit');
    }
    expect(reasonOfCode('ERR_CHUNK_MID_MESSAGE')).toBe('protocol_error');
    expect(reasonOfCode('ERR_CHUNK_SIZE_INVALID')).toBe('protocol_error');
    expect(playReasonOfCode('ERR_PLAY_STALLED')).toBe('stalled');
    expect(playReasonOfCode('ERR_LIMIT_INBOUND_RATE')).toBe('limit');
    expect(playReasonOfCode('ERR_PLAY_DEFECT')).toBe('error');
    expect(playReasonOfCode('ERR_CHUNK_MID_MESSAGE')).toBeUndefined();
  });
});
