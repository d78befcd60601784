import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.SLUICE_AUTH_WEBHOOK_SECRET ?? '';
const keys = new Map([['k-7f3a91', 'alice']]);

/** Whether the body is from Sluice, and not from long ago. */
function isSigned(header: string, body: string): boolean {
  const [, time = '', mac = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (Math.abs(Date.now() / 1000 - Number(time)) > 60) return false;
  const expected = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  return mac !== '' && timingSafeEqual(Buffer.from(mac, 'hex'), expected);
}

createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  if (!isSigned(String(request.headers['sluice-signature']), body)) {
    response.writeHead(403).end();
    return;
  }
  const { credentials } = JSON.parse(body) as { credentials: { query: { key?: string } } };
  const principal = keys.get(credentials.query.key ?? '');
  const reply =
    principal === undefined ? { decision: 'deny', message: 'unknown key' } : { decision: 'allow', principal };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
}).listen(9000, '127.0.0.1');
