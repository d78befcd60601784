import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { NatsLink } from '../../src/nats/connection.js';
import { LinkRequests } from '../../src/nats/link-requests.js';
import type { RawRequest } from '../support/admission/raw-http.js';
import { rawAnswer, rawHttp } from '../support/admission/raw-http.js';
import { GOOD_CLAIMS, keyPair, tokenOf } from '../support/admission/tokens.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { ffmpegPlay, ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const SECRET = 'geheim-of-at-least-thirty-two-characters';
let video = '';
beforeAll(async () => {
  video = await media('h264-aac.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serverWith(settings: Record<string, string | number>, nats?: string): Promise<TestServer> {
  const server = await spawnServer({ settings, ...(nats === undefined ? {} : { nats }) });
  closing.push(() => server.stop());
  return server;
}

/** What ffmpeg says when it may not publish. */
async function refusal(server: TestServer, name: string): Promise<string> {
  const encoder = ffmpegPublish(video, server.url(name), { paced: false });
  closing.push(() => encoder.stop('SIGKILL'));
  const { code } = await encoder.finish(20_000);
  expect(code).not.toBe(0);
  return encoder.output;
}

/** Publishes and waits until the stream is ready under a name. */
async function accepted(server: TestServer, name: string, as: string): Promise<void> {
  const encoder = ffmpegPublish(video, server.url(name));
  closing.push(() => encoder.stop('SIGKILL'));
  await server.ready(as);
  await encoder.stop('SIGINT');
  await server.ended(as);
}

const answers =
  (answer: (request: RawRequest) => string) =>
  (request: RawRequest): void =>
    void request.socket.write(answer(request));

describe('a webhook decides about real encoders and players', () => {
  it('with its own form: who may publish under which name, and what the encoder says', async () => {
    const hook = await rawHttp(
      answers(({ body }) => {
        const { action, credentials } = JSON.parse(body) as {
          action: string;
          credentials: { query: { key?: string } };
        };
        const isAlice = credentials.query.key === 'geheim' || action === 'play';
        const reply = isAlice
          ? { decision: 'allow', principal: 'alice', ...(action === 'publish' ? { name: 'alices' } : {}) }
          : { decision: 'deny', code: 'NO_CONTRACT', message: 'pay first' };
        return rawAnswer(200, JSON.stringify(reply));
      }),
    );
    const server = await serverWith({ 'auth.webhook.url': hook.url, 'auth.webhook.secret': SECRET });
    expect(await refusal(server, 'cam1')).toContain('pay first');
    await accepted(server, 'cam1?key=geheim', 'alices');
    expect(hook.requests.map(({ body }) => (JSON.parse(body) as { action: string }).action)).toEqual([
      'publish',
      'publish',
    ]);
    expect(hook.requests[0]?.head).toMatch(/sluice-signature: t=\d+,v1=[0-9a-f]{64}/i);
    expect(server.child.output).not.toContain('geheim');
  });

  it('and while it is away nobody is let in', async () => {
    const hook = await rawHttp(answers(() => rawAnswer(200, '{"decision":"allow"}')));
    await hook.close();
    const server = await serverWith({ 'auth.webhook.url': hook.url, 'auth.denyCacheMs': 0 });
    expect(await refusal(server, 'cam1')).toContain('ERR_AUTH_UNAVAILABLE');
    expect(await server.metric('sluice_auth_unavailable_total', 'responder="webhook"', 'kind="refused"')).toBe(1);
  });

  it('in the form of SRS: `0` accepts and another code refuses', async () => {
    const hook = await rawHttp(
      answers(({ body }) => {
        const { action, param } = JSON.parse(body) as { action: string; param: string };
        return rawAnswer(200, action === 'on_play' || param === '?token=good' ? '{"code":0}' : '1');
      }),
    );
    const server = await serverWith({ 'auth.webhook.url': hook.url, 'auth.webhook.dialect': 'srs' });
    expect(await refusal(server, 'cam1?token=bad')).toContain('ERR_AUTH_DENIED');
    const encoder = ffmpegPublish(video, server.url('cam1?token=good'));
    closing.push(() => encoder.stop('SIGKILL'));
    await server.ready('cam1');
    const player = ffmpegPlay(server.url('cam1'), '/dev/null', ['-t', '1']);
    closing.push(() => player.stop('SIGKILL'));
    expect((await player.finish(20_000)).code).toBe(0);
    const bodies = hook.requests.map(({ body }) => JSON.parse(body) as { action: string; stream: string; app: string });
    expect(bodies.map(({ action }) => action)).toEqual(['on_publish', 'on_publish', 'on_play']);
    expect(bodies[1]).toMatchObject({ app: 'live', stream: 'cam1', ip: '127.0.0.1', vhost: '__defaultVhost__' });
  });

  it('in the form of nginx-rtmp: 2xx accepts, 3xx renames, 404 refuses', async () => {
    const hook = await rawHttp(
      answers(({ body }) => {
        const form = new URLSearchParams(body);
        if (form.get('call') !== 'publish' || form.get('token') !== 'good') return rawAnswer(404, '');
        return form.get('name') === 'alias' ? rawAnswer(302, '', { Location: 'other' }) : rawAnswer(201, '');
      }),
    );
    const server = await serverWith({ 'auth.webhook.url': hook.url, 'auth.webhook.dialect': 'nginx-rtmp' });
    expect(await refusal(server, 'cam1?token=bad')).toContain('ERR_AUTH_DENIED');
    await accepted(server, 'cam1?token=good', 'cam1');
    await accepted(server, 'alias?token=good', 'other');
  });
});

describe('a responder on NATS decides about real encoders', () => {
  it('while it subscribes, and while it does not nobody is let in', async () => {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const server = await serverWith({ 'auth.nats.enabled': 'true', 'auth.denyCacheMs': 0 }, nats.url);
    expect(await refusal(server, 'cam1?key=good')).toContain('ERR_AUTH_UNAVAILABLE');
    expect(await server.metric('sluice_auth_unavailable_total', 'kind="no_responders"')).toBe(1);
    const link = new NatsLink({ urls: [nats.url] }, silentLogger);
    closing.push(() => link.close());
    const requests = new LinkRequests(link);
    link.start();
    await waitFor(() => requests.isConnected);
    const subjects: string[] = [];
    requests.subscribe('sluice.v1.auth.*', 'auth', (message) => {
      const { credentials } = JSON.parse(Buffer.from(message.body).toString()) as {
        credentials: { query: { key?: string } };
      };
      subjects.push(message.subject);
      const isGood = credentials.query.key === 'good';
      message.reply(
        Buffer.from(JSON.stringify(isGood ? { decision: 'allow', principal: 'alice' } : { decision: 'deny' })),
      );
    });
    // The subscription is on the server once a request that came after it is answered.
    await requests.request('nobody', Buffer.from(''), 5000);
    await accepted(server, 'cam1?key=good', 'cam1');
    expect(await refusal(server, 'cam1?key=bad')).toContain('ERR_AUTH_DENIED');
    expect(subjects).toEqual(['sluice.v1.auth.publish', 'sluice.v1.auth.publish']);
  });
});

describe('a JSON Web Token decides about real encoders', () => {
  const rsa = keyPair('rsa');
  const ed = keyPair('ed25519');
  const settings = {
    'auth.jwt.audience': 'sluice',
    'auth.failuresPerMinutePerIp': 0,
    'auth.jwt.keys': JSON.stringify([
      { alg: 'HS256', secret: SECRET },
      { alg: 'RS256', publicKey: rsa.pem },
      { alg: 'EdDSA', publicKey: ed.pem },
    ]),
  };
  const now = () => Math.floor(Date.now() / 1000);

  it('when it is signed with HS256, RS256 and EdDSA, and when it is not as it has to be', async () => {
    const server = await serverWith(settings);
    for (const [alg, key] of [
      ['HS256', SECRET],
      ['RS256', rsa.privateKey],
      ['EdDSA', ed.privateKey],
    ] as const) {
      await accepted(server, `${alg}?token=${tokenOf({ alg, key })}`, alg);
    }
    const wrong = {
      expired: tokenOf({ alg: 'HS256', key: SECRET, claims: { ...GOOD_CLAIMS, exp: now() - 1 } }),
      audience: tokenOf({ alg: 'HS256', key: SECRET, claims: { ...GOOD_CLAIMS, aud: 'other' } }),
      none: tokenOf({ alg: 'none' }),
      rsaAsHmac: tokenOf({ alg: 'HS256', key: rsa.pem }),
      edAsHmac: tokenOf({ alg: 'HS256', key: ed.pem }),
      forged: tokenOf({ alg: 'RS256', key: keyPair('rsa').privateKey }),
    };
    for (const [name, token] of Object.entries(wrong)) {
      expect(await refusal(server, `${name}?token=${token}`)).toContain('ERR_AUTH_CREDENTIALS');
      expect(server.child.output).not.toContain(token);
    }
    const play = { ...GOOD_CLAIMS, sluice: { action: 'play' } };
    const forPlayers = tokenOf({ alg: 'HS256', key: SECRET, claims: play });
    expect(await refusal(server, `cam1?token=${forPlayers}`)).toContain('ERR_AUTH_DENIED');
    expect(await refusal(server, 'cam1')).toContain('ERR_AUTH_NO_RULE');
  });

  it('for as long as it lasts', async () => {
    const server = await serverWith(settings);
    const claims = { ...GOOD_CLAIMS, exp: now() + 4 };
    const token = tokenOf({ alg: 'HS256', key: SECRET, claims });
    const encoder = ffmpegPublish(video, server.url(`cam1?token=${token}`), { input: ['-stream_loop', '-1'] });
    closing.push(() => encoder.stop('SIGKILL'));
    await server.ready('cam1');
    await server.ended('cam1', 15_000);
    expect(now()).toBeGreaterThanOrEqual(claims.exp);
    await encoder.finish(20_000);
    expect(encoder.output).toContain('ERR_AUTH_');
  });
});
