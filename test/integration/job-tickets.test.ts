import { statSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type KV, type NatsConnection, StringCodec } from 'nats';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SseWatcher } from '../support/events.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { type ServerOptions, spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPlay, ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** Everybody may publish, and nobody may play. */
const NOBODY_PLAYS = JSON.stringify([
  { match: { action: 'publish' }, decision: 'allow' },
  { match: { action: 'play' }, decision: 'deny' },
]);
const BUCKET = 'SLUICE_JOBS';

let video = '';
beforeAll(async () => {
  video = await media('long.flv');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Answer {
  readonly status: number;
  readonly url: string;
  readonly expiresAt: string;
  readonly code: string;
}

async function start(options: ServerOptions = {}): Promise<TestServer> {
  const server = await spawnServer({ settings: { 'auth.rules': NOBODY_PLAYS }, ...options });
  closing.push(() => server.stop());
  return server;
}

/** A stream of ffmpeg. @returns its id, and how to end it */
async function publish(server: TestServer, name: string) {
  const encoder = ffmpegPublish(video, server.url(name));
  closing.push(() => encoder.stop('SIGKILL'));
  const { streamId } = await server.ready(name);
  return { streamId, end: () => encoder.stop('SIGKILL') };
}

async function ask(server: TestServer, streamId: string, token: number, template = 'record'): Promise<Answer> {
  const response = await fetch(server.http(`/v1/streams/${streamId}/ticket`), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template, token }),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

/** A client on its way to play what a URL of a ticket names. */
async function asking(server: TestServer, name: string): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  closing.push(() => client.destroy());
  client.command(await client.createStream(), 'play', 0, null, name, -2000);
  return client;
}

const nameOf = ({ url }: Answer): string => url.slice(url.lastIndexOf('/') + 1);

/** A play that is served. */
async function played(server: TestServer, ticket: Answer): Promise<RawRtmp> {
  const client = await asking(server, nameOf(ticket));
  await client.status('NetStream.Play.Start');
  await client.expect((m) => m.type === 9, 'video');
  return client;
}

/** What a client is told whose play is refused, or ended. */
async function told(client: RawRtmp): Promise<string> {
  const message = await client.status('NetStream.Play.Failed');
  return String(statusOf(message).description).split(':')[0]!;
}

const refused = async (server: TestServer, name: string) => told(await asking(server, name));

describe('tickets of jobs without NATS', () => {
  it('let the newest run of each job play where nobody else may, and cut off the run before it', async () => {
    const server = await start();
    const { streamId } = await publish(server, 'cam1');
    expect(await refused(server, 'cam1')).toMatch(/^ERR_AUTH_/);
    const first = await ask(server, streamId, 5);
    expect(first).toMatchObject({ status: 200, url: expect.stringContaining(`${server.rtmpPort}/live/cam1?jt=`) });
    expect(Date.parse(first.expiresAt)).toBeGreaterThan(Date.now());
    const [one, again] = [await played(server, first), await played(server, first)];
    const other = await played(server, await ask(server, streamId, 1, 'thumbs'));
    const second = await ask(server, streamId, 6);
    const atSwitch = [one.media().length, again.media().length];
    expect([await told(one), await told(again)]).toEqual(['ERR_JOB_FENCED', 'ERR_JOB_FENCED']);
    await one.gone();
    const two = await played(server, second);
    await two.expect((m) => m.type === 9, 'more video', { from: two.received.length });
    expect(atSwitch[0]).toBeGreaterThan(0);
    expect(other.closed).toBe(false);
    // Everything about the first run was told before anything about the second.
    const events = await SseWatcher.open(server.http('/v1/events?since=all'));
    closing.push(() => events.close());
    const ofPlays = () => events.all.filter(({ type, data }) => /play/.test(type) && isRecord(data));
    await waitFor(() => ofPlays().length >= 5, { what: 'the events of the plays' });
    const ofRuns = ofPlays().map(({ type, data }) => [type, playOf(data).job.token, playOf(data).reason]);
    expect(ofRuns).toEqual([
      ['io.sluice.play.started', 5, undefined],
      ['io.sluice.play.started', 5, undefined],
      ['io.sluice.play.ended', 5, 'fenced'],
      ['io.sluice.play.ended', 5, 'fenced'],
      ['io.sluice.play.started', 6, undefined],
    ]);
    expect(await refused(server, nameOf(first))).toBe('ERR_JOB_FENCED');
    expect(await ask(server, streamId, 5)).toMatchObject({ status: 409, code: 'ERR_JOB_FENCED' });
    // It is shown, and is no audience.
    const plays = (await (await fetch(server.http('/v1/plays'))).json()) as { plays: PlayData[] };
    expect(plays.plays.map(({ job }) => job)).toEqual([
      { template: 'thumbs', token: 1 },
      { template: 'record', token: 6 },
    ]);
    expect((await server.stream('cam1'))?.players).toBe(0);
    expect(events.all.filter(({ type }) => /stream\.(active|idle)/.test(type))).toEqual([]);
  });

  it('that were forged, changed or are for another stream let nobody play, and stand in no log or file', async () => {
    const server = await start({ logLevel: 'debug' });
    const { streamId } = await publish(server, 'cam1');
    await publish(server, 'cam2');
    const ticket = await ask(server, streamId, 5);
    const name = nameOf(ticket);
    const text = name.slice(name.indexOf('=') + 1);
    const [payload, signature] = text.split('.') as [string, string];
    const raised = Buffer.from(JSON.stringify({ streamId, template: 'record', token: 6 })).toString('base64url');
    for (const forged of [`${raised}.${signature}`, payload, `${text}A`, '', `${text}&jt=${text}`])
      expect([forged, await refused(server, `cam1?jt=${forged}`)]).toEqual([forged, 'ERR_AUTH_CREDENTIALS']);
    expect(await refused(server, `cam2?jt=${text}`)).toBe('ERR_JOB_FENCED');
    await played(server, ticket);
    const pages = ['/metrics', '/v1/node', '/v1/streams', '/v1/plays', '/readyz'];
    const shown = await Promise.all(pages.map(async (path) => (await fetch(server.http(path))).text()));
    const events = await SseWatcher.open(server.http('/v1/events?since=all'));
    closing.push(() => events.close());
    await waitFor(() => events.all.some(({ type }) => type === 'io.sluice.play.started'), { what: 'the play' });
    const everything = [server.child.output, JSON.stringify(events.all), ...shown].join('\n');
    expect(everything).toContain('io.sluice.node.command');
    for (const secret of [payload, signature]) expect(everything).not.toContain(secret);
  });

  it('end with the stream where players may wait: ffmpeg has a whole file, and gets nothing of the next stream', async () => {
    const server = await start({ settings: { 'play.waitForPublisher': true, 'play.lingerMs': 60_000 } });
    const { streamId, end } = await publish(server, 'cam1');
    const file = join(tempDir('job'), 'part.flv');
    const job = ffmpegPlay((await ask(server, streamId, 5)).url, file);
    closing.push(() => job.stop('SIGKILL'));
    const viewer = await asking(server, 'cam1');
    await viewer.status('NetStream.Play.Start');
    await waitFor(() => bytesOf(file) > 100_000, { what: 'what the job writes' });
    await end();
    expect(await job.finish(20_000)).toMatchObject({ code: 0 });
    const [before, from] = [bytesOf(file), viewer.received.length];
    const next = await publish(server, 'cam1');
    // The viewer has waited, and the job has not.
    await viewer.expect((m) => m.type === 9, 'video of the next stream', { from });
    expect(await ask(server, streamId, 6)).toMatchObject({ status: 404, code: 'ERR_CTL_STREAM_UNKNOWN' });
    expect((await ask(server, next.streamId, 5)).status).toBe(200);
    expect(bytesOf(file)).toBe(before);
  });
});

describe('tickets of jobs with NATS', () => {
  /** A server with NATS and a stream, and what a runner has. */
  async function withNats() {
    const nats = await startNats();
    closing.push(() => nats.stop());
    const connection = await connect({ servers: nats.url, reconnect: false });
    closing.push(() => connection.close());
    const server = await start({ nats: nats.url });
    const { streamId } = await publish(server, 'cam1');
    return { nats, connection, server, streamId };
  }

  const bucketOf = (connection: NatsConnection): Promise<KV> => connection.jetstream().views.kv(BUCKET);
  const record = (value: unknown): Uint8Array => StringCodec().encode(JSON.stringify(value));

  it('are issued to the run that holds the record, and to no other', async () => {
    const { connection, server, streamId } = await withNats();
    expect(await ask(server, streamId, 1)).toMatchObject({ status: 409, code: 'ERR_JOB_FENCED' });
    const bucket = await bucketOf(connection);
    const key = `${streamId}.record`;
    expect(await ask(server, streamId, 1)).toMatchObject({ code: 'ERR_JOB_FENCED' });
    const codeOf = async (token: number) => (await ask(server, streamId, token)).code;
    const held = await bucket.put(key, record({ v: 1, state: 'held', attempt: 1 }));
    expect([await codeOf(held + 1), await codeOf(held)]).toEqual(['ERR_JOB_FENCED', undefined]);
    // The next write has another revision, and keeps the token.
    const running = await bucket.put(key, record({ v: 1, state: 'running', attempt: 1, token: held }));
    expect([await codeOf(running), await codeOf(held)]).toEqual(['ERR_JOB_FENCED', undefined]);
    for (const value of [{ state: 'open', token: held }, { state: 'done', token: held }, { token: held }, null, 7, []])
      expect([value, await bucket.put(key, record(value)).then(() => codeOf(held))]).toEqual([value, 'ERR_JOB_FENCED']);
    await bucket.put(key, StringCodec().encode('no JSON'));
    expect(await codeOf(held)).toBe('ERR_JOB_FENCED');
    const later = await bucket.put(key, record({ state: 'held', token: held }));
    expect([await codeOf(held), await codeOf(later)]).toEqual(['ERR_JOB_FENCED', undefined]);
    await bucket.delete(key);
    expect(await codeOf(later)).toBe('ERR_JOB_FENCED');
  });

  it('are issued over NATS, and cut off the run that lost its job', async () => {
    const { connection, server, streamId } = await withNats();
    const bucket = await bucketOf(connection);
    const issue = async (token: number): Promise<Answer> => {
      const body = JSON.stringify({ template: 'record', token });
      return (await connection.request(`sluice.v1.ctl.s.${streamId}.ticket`, body, { timeout: 5000 })).json();
    };
    const key = `${streamId}.record`;
    const first = await bucket.put(key, record({ state: 'held' }));
    const one = await played(server, await issue(first));
    const second = await bucket.put(key, record({ state: 'held' }));
    expect(await issue(first)).toMatchObject({ status: 409, code: 'ERR_JOB_FENCED' });
    expect(one.closed).toBe(false);
    const ticket = await issue(second);
    expect(ticket).toMatchObject({ ok: true, url: expect.stringContaining('?jt='), expiresAt: expect.any(String) });
    expect(await told(one)).toBe('ERR_JOB_FENCED');
    await played(server, ticket);
  });

  it('are not issued while NATS is away; plays with tickets go on', async () => {
    const { nats, connection, server, streamId } = await withNats();
    const bucket = await bucketOf(connection);
    const held = await bucket.put(`${streamId}.record`, record({ state: 'held' }));
    const ticket = await ask(server, streamId, held);
    const one = await played(server, ticket);
    await nats.kill();
    expect(await ask(server, streamId, held)).toMatchObject({ status: 503, code: 'ERR_CTL_BUS_DOWN' });
    await one.expect((m) => m.type === 9, 'more video', { from: one.received.length });
    await played(server, ticket);
    await nats.start();
    await waitFor(async () => (await ask(server, streamId, held)).status === 200, { what: 'NATS to be read again' });
  });
});

interface PlayData {
  readonly job: { readonly template: string; readonly token: number };
  readonly reason?: string;
}

function playOf(data: unknown): PlayData {
  return data as PlayData;
}

function isRecord(data: unknown): boolean {
  return (data as Partial<PlayData>).job?.template === 'record';
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
