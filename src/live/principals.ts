import type { Grant } from '../model/grant.js';
import type { ConnectionFacts } from './access.js';

/**
 * Who a client is, as far as that matters for its stream: as a responder named it, else by its key's fingerprint, else
 * by its address. It reveals no key.
 */
export function principalOf({ principal, keyFingerprint }: Grant, { peer }: ConnectionFacts): string {
  return principal ?? (keyFingerprint === undefined ? `peer:${peer.address}` : `key:${keyFingerprint}`);
}
