import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.WEBHOOK_SECRET ?? '';
/** Ids that were taken; keep them where they outlive a restart, for as long as `retryFor` says. */
const seen = new Set();

/** Whether the body is from Sluice, and not from long ago. */
function isSigned(header, body) {
  const [, time = '', mac = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (mac === '' || Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return timingSafeEqual(Buffer.from(mac, 'hex'), expected);
}

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (!isSigned(String(request.headers['sluice-signature']), body)) return response.writeHead(403).end();
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) {
    const { type, subject, data } = JSON.parse(body.toString());
    console.log(type, subject, data.reason ?? '');
    // Only what is done is remembered: a failure before this line has it posted again.
    seen.add(id);
  }
  response.writeHead(204).end();
}).listen(9100, '127.0.0.1');
