import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overview } from '../../src/model/overview.js';
import type { Child } from '../support/child.js';
import { sendExamples } from '../support/control/send-examples.js';
import { SseWatcher } from '../support/events.js';
import { readFlvStrictly } from '../support/flv.js';
import { getFlv, playWebSocket, problemOf } from '../support/http/flv-client.js';
import { media } from '../support/media.js';
import { spawnServer, type TestServer } from '../support/server.js';
import * as tools from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** Everybody may publish, and nobody may play. */
const NOBODY_PLAYS = JSON.stringify([
  { match: { action: 'publish' }, decision: 'allow' },
  { match: { action: 'play' }, decision: 'deny' },
]);

describe('what the page asks for', () => {
  let server: TestServer;
  let publisher: Child;
  let events: SseWatcher;
  let streamId: string;
  const overview = async (): Promise<Overview> => (await (await fetch(server.http('/v1/overview'))).json()) as Overview;

  beforeAll(async () => {
    server = await spawnServer({ settings: { 'auth.rules': NOBODY_PLAYS, 'recording.match': 'live/*' } });
    events = await SseWatcher.open(server.http('/v1/events?since=all'));
    publisher = tools.ffmpegPublish(await media('long.flv'), server.url('cam=1'));
    const stream = await waitFor(async () => (await overview()).streams.find(({ state }) => state === 'ready'), {
      what: 'the stream to be ready',
    });
    streamId = stream.streamId;
  });
  afterAll(async () => {
    events.close();
    await publisher.stop('SIGKILL');
    await server.stop();
  });

  it('is described: overview, keyframe, preview and recordings are answered as the document says', async () => {
    const document = (await (await fetch(server.http('/openapi.json'))).json()) as object;
    const only = ['overview', 'keyframe', 'preview', 'recordings.list'];
    const sent = await sendExamples(server.http(''), document, {}, (text) => text.replace('undefined', streamId), only);
    expect(sent.map(({ operationId }) => operationId).sort()).toEqual([...only].sort());
    expect(sent.filter(({ status, wrong }) => status !== 200 || wrong !== '')).toEqual([]);
  });

  it('has the keyframe that players get, and nobody is counted as a player for it', async () => {
    const answer = await getFlv(server.http(`/v1/streams/${streamId}/keyframe`));
    expect(answer.headers['content-type']).toBe('video/x-flv');
    const [header, frame, ...more] = readFlvStrictly(await answer.body);
    expect(more).toEqual([]);
    expect([header?.payload[0], header?.payload[1], frame?.payload[0], frame?.payload[1]]).toEqual([0x17, 0, 0x17, 1]);
    const again = await fetch(server.http(`/v1/streams/${streamId}/keyframe`), {
      headers: { 'if-none-match': answer.headers.etag ?? '' },
    });
    expect([200, 304]).toContain(again.status);
    expect((await overview()).streams).toMatchObject([{ players: 0 }]);
  });

  it('plays a preview where no player is let in, once, and tells its ticket to nobody', async () => {
    expect(await problemOf(server.http('/live/cam=1.flv'))).toEqual([403, 'ERR_AUTH_DENIED']);
    const asked = await fetch(server.http(`/v1/streams/${streamId}/preview`), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { path } = (await asked.json()) as { path: string };
    const { messages } = await playWebSocket(server.http(path), {
      opened: (socket) => socket.on('message', () => void seen(socket)),
    });
    expect(Buffer.concat(messages).toString('latin1', 0, 3)).toBe('FLV');
    const ticket = path.slice(path.indexOf('=') + 1);
    expect(await problemOf(server.http(path))).toEqual([401, 'ERR_PREVIEW_EXPIRED']);
    const told = JSON.stringify(events.all) + server.child.output;
    expect(told).toContain('preview');
    expect(told).not.toContain(ticket);
  });

  it('sends the recording of the stream while it is written, and what is asked for of it', async () => {
    const answer = await fetch(server.http('/v1/recordings?app=live'));
    const { recordings } = (await answer.json()) as { recordings: { path: string; name: string; isOpen: boolean }[] };
    expect(recordings).toMatchObject([{ app: 'live', name: 'cam=1', streamId, isOpen: true }]);
    const url = server.http(`/v1/recordings/${recordings[0]!.path}`);
    const part = await fetch(url, { headers: { range: 'bytes=0-2' } });
    expect([part.status, await part.text()]).toEqual([206, 'FLV']);
    const whole = await fetch(url);
    expect((await whole.arrayBuffer()).byteLength).toBe(Number(whole.headers.get('content-length')));
    for (const path of ['..%2f..%2fnode.json', 'live/cam=3D1/..%2f..%2f..%2fnode.json', '%00', 'live/cam=3D1'])
      expect((await fetch(server.http(`/v1/recordings/${path}`))).status).toBe(404);
  });

  /** Closes a socket once the play is in the list. */
  async function seen(socket: { close(): void }): Promise<void> {
    const { plays } = (await (await fetch(server.http('/v1/plays'))).json()) as { plays: { client?: string }[] };
    if (plays.some(({ client }) => client === 'preview')) socket.close();
  }
});
