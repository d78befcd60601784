import { createHmac } from 'node:crypto';

/**
 * The value of the header `Sluice-Signature`: `t=<unix s>,v1=<hex HMAC-SHA256(secret, t "." body)>`. The receiver makes
 * it again from the bytes of the body, compares, and refuses old times.
 *
 * @param body bytes, or text that is sent as UTF-8
 * @param nowMs wall clock, ms since the epoch
 */
export function webhookSignature(secret: string, body: string | Uint8Array, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
