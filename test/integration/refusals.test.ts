import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish, gstPublish } from '../support/tools.js';

const KEY = 'a-key-of-the-encoder-of-cam';
const key = { sha256: createHash('sha256').update(KEY).digest('hex') };

const RULES = [
  { match: { action: 'play', name: 'closed' }, decision: 'deny', set: { message: 'closed on Mondays' } },
  { match: { action: 'play' }, decision: 'allow' },
  { match: { name: 'closed' }, decision: 'deny', set: { message: 'closed on Mondays' } },
  { match: { name: 'elsewhere' }, decision: 'redirect', set: { redirectUrl: 'rtmp://other.example/live' } },
  { match: { name: 'small' }, key, decision: 'allow', set: { limits: { height: 90 } } },
  { key, decision: 'allow' },
];

/** One refusal or end: the name that is published, and what the encoder prints. */
const PUBLISHES: readonly [row: string, name: string, says: RegExp][] = [
  ['denied', 'closed', /ERR_AUTH_DENIED: closed on Mondays \[\w{26}\]/],
  ['a wrong key', 'cam?key=wrong', /ERR_AUTH_CREDENTIALS: .*key or token is missing or wrong \[\w{26}\]/],
  ['a redirect', 'elsewhere', /ERR_AUTH_REDIRECTED: .*other\.example/],
  ['a name that is taken', `taken?key=${KEY}`, /somebody else is publishing/],
  ['a name that cannot be', `c*m?key=${KEY}`, /the character .{1,3}\*/],
  ['a limit', `small?key=${KEY}`, /ERR_LIMIT_SIZE: 320x180; a height of 90 is allowed/],
  ['a kick', `kicked?key=${KEY}`, /ERR_SESSION_KICKED: the show is over/],
];

describe('an encoder says why', () => {
  let server: TestServer;
  let file: string;
  beforeAll(async () => {
    file = await media('long.flv');
    server = await spawnServer({
      settings: {
        'auth.rules': JSON.stringify(RULES),
        'auth.redirectHosts': 'other.example',
        'publish.conflict': 'reject',
        'play.waitForPublisher': false,
      },
    });
    await (await RawRtmp.connected({ port: server.rtmpPort })).publish(`taken?key=${KEY}`);
  });
  afterAll(() => server.stop());

  /** Runs an encoder until it ends, and kicks its stream when that is what it is about. */
  async function outputOf(encoder: Child, name: string): Promise<string> {
    if (name.startsWith('kicked')) {
      const { streamId } = await server.ready('kicked');
      await fetch(server.http(`/v1/streams/${streamId}/kick`), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'the show is over' }),
      });
    }
    await encoder.finish(20_000);
    return encoder.output;
  }

  it.each(PUBLISHES)('ffmpeg: %s', async (_, name, says) => {
    const output = await outputOf(ffmpegPublish(file, server.url(name)), name);
    expect(output).toMatch(says);
    expect(output).not.toContain('TLS');
  });

  // Once it publishes, rtmp2sink prints no status any more: it says that the connection was closed.
  it.each(PUBLISHES)('GStreamer: %s', async (_, name, says) => {
    const isEnd = name.startsWith('small') || name.startsWith('kicked');
    const output = await outputOf(gstPublish('rtmp2sink', file, server.url(name)), name);
    expect(output).toMatch(isEnd ? /connection closed remotely/ : says);
  });

  // rtmpdump prints the status code, and no description.
  it.each([
    ['denied', 'closed', /NetStream\.Play\.Failed/],
    ['nobody publishes', 'nobody', /NetStream\.Play\.StreamNotFound/],
  ] as const)('rtmpdump, which plays: %s', async (_, name, says) => {
    const out = join(tempDir('refusals'), 'out.flv');
    const player = new Child(['rtmpdump', '--live', '-r', server.url(name), '-o', out]);
    await player.finish(20_000);
    expect(player.output).toMatch(says);
  });
});
