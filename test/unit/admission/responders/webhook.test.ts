import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type WebhookOptions, WebhookResponder } from '../../../../src/admission/responders/webhook.js';
import { systemClock } from '../../../../src/core/clock.js';
import { type RawRequest, rawAnswer, rawHttp } from '../../../support/admission/raw-http.js';
import { admissionRequest } from '../../../support/admission/request.js';
import { waitFor } from '../../../support/wait.js';

const ALLOW = JSON.stringify({ decision: 'allow', principal: 'alice' });

/** A responder that asks a server which answers like that. */
async function webhookTo(answer: (request: RawRequest, nth: number) => void, more: Partial<WebhookOptions> = {}) {
  let count = 0;
  const server = await rawHttp((request) => answer(request, ++count));
  const options = { url: server.url, secret: '', dialect: 'sluice', timeoutMs: 60_000, actions: ['publish'] } as const;
  const webhook = new WebhookResponder({ ...options, ...more }, systemClock);
  onTestFinished(() => webhook.close());
  return { webhook, server };
}

const says =
  (status: number, body: string) =>
  ({ socket }: RawRequest): void =>
    void socket.write(rawAnswer(status, body));

describe('a webhook', () => {
  it('posts the request as JSON, and what it replies counts', async () => {
    const { webhook, server } = await webhookTo(says(200, ALLOW));
    const request = admissionRequest({ question: { query: 'token=geheim' } });
    expect(await webhook.answer(request)).toEqual({ decision: 'allow', principal: 'alice' });
    const [sent] = server.requests;
    expect(sent?.head).toMatch(/^POST \/auth HTTP\/1\.1\r\ncontent-type: application\/json\r\n/i);
    expect(sent?.head).not.toMatch(/sluice-signature/i);
    expect(sent?.body).toBe(request.json());
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ v: 1, action: 'publish', app: 'live', name: 'cam1' });
  });

  it('is asked about the actions that are set', async () => {
    const { webhook } = await webhookTo(says(200, ALLOW), { actions: ['play'] });
    expect([webhook.asks('connect'), webhook.asks('publish'), webhook.asks('play')]).toEqual([false, false, true]);
  });

  it('signs time and body when it has a secret', async () => {
    const { webhook, server } = await webhookTo(says(200, ALLOW), { secret: 'shared with the back end' });
    const request = admissionRequest();
    await webhook.answer(request);
    const [, t, v1] = /sluice-signature: t=(\d+),v1=([0-9a-f]{64})/i.exec(server.requests[0]?.head ?? '') ?? [];
    expect(Number(t)).toBe(Math.floor(request.nowMs / 1000));
    const hmac = createHmac('sha256', 'shared with the back end').update(`${t}.${server.requests[0]?.body}`);
    expect(v1).toBe(hmac.digest('hex'));
  });

  it.each([
    [403, 'deny'],
    [404, 'deny'],
    [401, 'unavailable'],
    [302, 'unavailable'],
    [500, 'unavailable'],
  ])('that answers with status %i decides: %s', async (status, decision) => {
    const { webhook, server } = await webhookTo(says(status, ALLOW));
    expect(await webhook.answer(admissionRequest())).toMatchObject({ decision, why: `status ${status}` });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['HTML', '<html>Welcome</html>', 'JSON in UTF-8'],
    ['nothing', '', 'JSON in UTF-8'],
    ['two values', `${ALLOW}${ALLOW}`, 'JSON in UTF-8'],
    ['a list', '[]', 'an object'],
    ['more than 64 KiB', JSON.stringify({ decision: 'allow', more: 'x'.repeat(65_536) }), 'at most 65536 bytes'],
  ])('that answers with %s has given no usable reply', async (_, body, expected) => {
    const { webhook, server } = await webhookTo(says(200, body));
    expect(await webhook.answer(admissionRequest())).toEqual({ decision: 'invalid', pointer: '', expected });
    expect(server.requests).toHaveLength(1);
  });

  it('that answers twice has given no usable reply, and the connection is closed', async () => {
    const deny = JSON.stringify({ decision: 'deny' });
    const { webhook, server } = await webhookTo(({ socket }) =>
      socket.write(rawAnswer(200, ALLOW) + rawAnswer(200, deny)),
    );
    expect(await webhook.answer(admissionRequest())).toEqual({
      decision: 'invalid',
      pointer: '',
      expected: 'one answer',
    });
    await waitFor(() => server.sockets.size === 0);
  });

  it('that takes too long is unavailable, is not asked again, and the connection is closed', async () => {
    const { webhook, server } = await webhookTo(() => undefined, { timeoutMs: 30 });
    const answer = await webhook.answer(admissionRequest());
    expect(answer).toEqual({ decision: 'unavailable', kind: 'timeout', why: 'no complete answer in time' });
    await waitFor(() => server.sockets.size === 0);
    expect(server.requests).toHaveLength(1);
  });

  it('has no more time than the chain', async () => {
    const { webhook } = await webhookTo(() => undefined);
    expect(await webhook.answer(admissionRequest({ budgetMs: 30 }))).toMatchObject({ kind: 'timeout' });
  });

  it.each([502, 503, 504])('behind a proxy that answers %i is asked once more', async (status) => {
    const { webhook, server } = await webhookTo((request, nth) => says(nth === 1 ? status : 200, ALLOW)(request));
    expect(await webhook.answer(admissionRequest())).toMatchObject({ decision: 'allow' });
    expect(server.requests).toHaveLength(2);
  });

  it('is asked twice at most, and then it is unavailable', async () => {
    const { webhook, server } = await webhookTo(says(503, ALLOW));
    const answer = await webhook.answer(admissionRequest());
    expect(answer).toEqual({ decision: 'unavailable', kind: 'status', why: 'status 503' });
    expect(server.requests).toHaveLength(2);
  });

  it('is not asked again when nobody waits any more, or when there is no time', async () => {
    const { webhook, server } = await webhookTo(says(503, ALLOW));
    await webhook.answer(admissionRequest({ question: { isWanted: () => false } }));
    await webhook.answer(admissionRequest({ budgetMs: 90 }));
    expect(server.requests).toHaveLength(2);
  });

  it('that is not there is asked once more, and answers when it has come meanwhile', async () => {
    const { webhook, server } = await webhookTo(says(200, ALLOW));
    await server.close();
    const answer = await webhook.answer(admissionRequest());
    expect(answer).toEqual({ decision: 'unavailable', kind: 'refused', why: 'nobody listens there' });
  });

  it('is asked again at once when it has closed a connection that was kept', async () => {
    const { webhook, server } = await webhookTo((request, nth) => {
      if (nth === 2) request.socket.resetAndDestroy();
      else says(200, ALLOW)(request);
    });
    await webhook.answer(admissionRequest());
    await new Promise(setImmediate);
    expect(await webhook.answer(admissionRequest())).toMatchObject({ decision: 'allow' });
    expect(server.connections()).toBe(2);
  });

  it('has a URL of http or https, or the settings are refused without showing it', () => {
    for (const url of ['ftp://user:geheim@host/', 'nonsense geheim']) {
      expect(() => new WebhookResponder({ ...OPTIONS, url }, systemClock)).toThrow(
        expect.objectContaining({
          code: 'ERR_CONFIG_INVALID_VALUE',
          message: expect.not.stringContaining('geheim'),
        }),
      );
    }
  });
});

const OPTIONS: WebhookOptions = { url: '', secret: '', dialect: 'sluice', timeoutMs: 1000, actions: [] };
