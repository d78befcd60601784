import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamLimits } from '../../src/model/grant.js';
import type { Child } from '../support/child.js';
import { type SeenEvent, SseWatcher } from '../support/events.js';
import { readFlv } from '../support/flv.js';
import { FULL, scaled } from '../support/interop/scale.js';
import { media } from '../support/media.js';
import { tagsIn } from '../support/playback.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegEncode, ffmpegPlay, ffmpegPublish, gstEncode, rtmpdumpPlay } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** How long a stream that is at its limits must pass. */
const PASS_MS = scaled(3000, 60_000);
/** Rates are not judged before. */
const FREE_MS = 10_000;
/** A sustained excess ends its stream within so much time; the short form may run on a busy machine. */
const END_MS = scaled(12_000, 6000);
const TEST_MS = PASS_MS + FREE_MS + END_MS + 60_000;
/** So many players and sessions are allowed: the next one is a fifth more. */
const COUNT = 5;
/** What encoders are told that are told a bit rate. */
const TOLD_KBPS = 400;

const KEY = 'a-key-of-the-encoder-of-cam';
const key = { sha256: createHash('sha256').update(KEY).digest('hex') };

/** A limit, and a real encoder whose stream is at it or past it. */
interface Case {
  readonly what: string;
  readonly code: string;
  /** Limits at which the stream is. */
  readonly at: StreamLimits;
  /** Limits past which it is by a fifth. */
  readonly over: StreamLimits;
  readonly encode: (url: string) => Child;
  /** For how long nothing is judged. */
  readonly freeMs: number;
}

let server: TestServer;
let events: SseWatcher;
/** 320x180, 25 frames a second, a keyframe each second, H.264 and AAC. */
let file: string;
/** By stream name. */
const encoders = new Map<string, Child>();
/** By name of the test. All of them run at the same time: one after another would take many minutes. */
const running = new Map<string, Promise<void>>();
/** In ms, by limit. */
const figures: Record<string, Record<string, number>> = {};

const looped = (url: string): Child => ffmpegPublish(file, url, { input: ['-stream_loop', '-1'] });

/** @param kbps mean rate of {@link file} */
function casesOf(kbps: number): Case[] {
  const file = { encode: looped, freeMs: 0 };
  const rate = { code: 'ERR_LIMIT_KBPS', freeMs: FREE_MS };
  const told = { ...rate, at: { kbps: TOLD_KBPS }, over: { kbps: Math.round(TOLD_KBPS / 1.2) } };
  const size = { ...file, code: 'ERR_LIMIT_SIZE' };
  return [
    // Their free time alone is longer than the short form lasts.
    ...(FULL
      ? [
          { ...file, ...rate, what: 'kbps', at: { kbps: Math.ceil(kbps) }, over: { kbps: Math.floor(kbps / 1.2) } },
          { ...told, what: 'kbps of ffmpeg encoding', encode: (url: string) => ffmpegEncode(url, TOLD_KBPS) },
          { ...told, what: 'kbps of GStreamer encoding', encode: (url: string) => gstEncode(url, TOLD_KBPS) },
        ]
      : []),
    { ...file, what: 'fps', code: 'ERR_LIMIT_FPS', at: { fps: 25 }, over: { fps: 25 / 1.2 }, freeMs: FREE_MS },
    { ...size, what: 'width', at: { width: 320 }, over: { width: 266 } },
    { ...size, what: 'height', at: { height: 180 }, over: { height: 150 } },
    { ...file, what: 'maxGopMs', code: 'ERR_LIMIT_GOP', at: { maxGopMs: 1000 }, over: { maxGopMs: 833 } },
    { ...file, what: 'tracks', code: 'ERR_LIMIT_TRACKS', at: { tracks: 2 }, over: { tracks: 1 } },
    { ...file, what: 'codecs', code: 'ERR_LIMIT_CODEC', at: { codecs: ['avc1', 'mp4a'] }, over: { codecs: ['avc1'] } },
  ];
}
const WHATS = casesOf(1).map(({ what }) => what);

/** Streams by name, where the limits of several are the same. */
const nameOf = (kind: string, what: string): string => `${kind}-${what.replaceAll(' ', '-')}`;

function rulesOf(cases: readonly Case[]): unknown[] {
  const of = (name: string, limits: StreamLimits) => ({
    ...{ name: name.replace('*', 'any'), match: { action: 'publish', name }, key, decision: 'allow', set: { limits } },
  });
  return [
    {
      ...{ match: { action: 'play', name: 'audience' }, decision: 'allow' },
      set: { limits: { sessions: COUNT }, principal: 'audience' },
    },
    { match: { action: 'play' }, decision: 'allow' },
    ...cases.flatMap(({ what, at, over }) => [of(nameOf('at', what), at), of(nameOf('over', what), over)]),
    of('duration', { durationMs: PASS_MS }),
    of('players', { maxPlayers: COUNT }),
    of('session-*', { sessions: COUNT }),
    of('no-picture-*', { codecs: ['hvc1', 'mp4a.40'] }),
    of('no-sound-*', { codecs: ['avc1'] }),
    { name: 'others', key, decision: 'allow' },
  ];
}

function encodes(name: string, encode: Case['encode'] = looped): Child {
  const encoder = encode(`${server.url(name)}?key=${KEY}`);
  encoders.set(name, encoder);
  return encoder;
}

function told(type: string, name: string): Promise<SeenEvent> {
  return events.expect(type, ({ subject }) => subject === `live/${name}`, TEST_MS);
}
const timeOf = ({ time }: SeenEvent): number => Date.parse(time);

/** Waits until a stream has run for so long as one at its limits must pass. @returns its id */
async function passed(name: string): Promise<string> {
  const started = await told('stream.started', name);
  const streamId = started.streamid!;
  const ended = (): SeenEvent | undefined => events.of(streamId).find(({ type }) => type === 'io.sluice.stream.ended');
  await waitFor(() => ended() !== undefined || Date.now() - timeOf(started) >= PASS_MS, { timeoutMs: TEST_MS });
  expect(ended()?.data, name).toBeUndefined();
  return streamId;
}

/** The moment at which a stream ends for a limit, of which its encoder is told. */
async function endOf(name: string, code: string): Promise<number> {
  const ended = await told('stream.ended', name);
  expect(ended.data).toMatchObject({ reason: 'limit', detail: code });
  const encoder = encoders.get(name)!;
  await encoder.exited;
  // GStreamer says of a status that comes while it publishes only that the connection is closed.
  expect(encoder.output).toMatch(encoder.name === 'ffmpeg' ? new RegExp(code) : /closed/);
  return timeOf(ended);
}

/** Each is awaited by its test, which tells a failure. */
function run(name: string, one: Promise<void>): void {
  running.set(name, one);
  one.catch(() => {});
}

function note(what: string, figure: string, ms: number): void {
  figures[what] = { ...figures[what], [figure]: ms };
}

/** A stream at its limit passes; then the limit is made lower, so that the stream is past it by a fifth. */
async function passes({ what, over, code, encode, freeMs }: Case): Promise<void> {
  const name = nameOf('at', what);
  encodes(name, encode);
  const streamId = await passed(name);
  const loweredMs = Date.now();
  const answer = await fetch(server.http(`/v1/streams/${streamId}/limit`), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ limits: over }),
  });
  expect(answer.status).toBe(200);
  const tookMs = (await endOf(name, code)) - loweredMs;
  note(what, 'passed at it', PASS_MS);
  note(what, 'ended after it was lowered', tookMs);
  expect(tookMs).toBeLessThanOrEqual(Math.max(0, freeMs - PASS_MS) + END_MS);
}

async function exceeds({ what, code, encode, freeMs }: Case): Promise<void> {
  const name = nameOf('over', what);
  encodes(name, encode);
  const started = await told('stream.started', name);
  const tookMs = (await endOf(name, code)) - timeOf(started);
  note(what, 'ended past it', tookMs);
  expect(tookMs).toBeLessThanOrEqual(freeMs + END_MS);
}

/** A player that has got something. */
async function plays(name: string): Promise<RawRtmp> {
  const player = await RawRtmp.connected({ port: server.rtmpPort });
  await player.play(name);
  let messages = 0;
  player.onMessage = () => messages++;
  await waitFor(() => messages > 3);
  return player;
}

/** So many players of a stream pass; one more is refused. */
async function boundsPlayers(name: string, code: string): Promise<void> {
  encodes(name);
  await server.ready(name, 30_000);
  const players = await Promise.all(Array.from({ length: COUNT }, () => plays(name)));
  const late = ffmpegPlay(server.url(name), join(tempDir('interop'), 'late.flv'));
  await late.finish(30_000);
  expect(late.output).toContain(code);
  await passed(name);
  expect(players.filter(({ closed }) => closed)).toEqual([]);
  expect((await server.stream(name))?.players).toBe(COUNT);
  for (const player of players) player.destroy();
}

/** So many publishes of a principal pass; one more is refused. */
async function boundsPublishes(): Promise<void> {
  const names = Array.from({ length: COUNT }, (_, n) => `session-${n}`);
  for (const name of names) encodes(name);
  await Promise.all(names.map((name) => told('stream.started', name)));
  const late = encodes('session-late');
  await late.finish(30_000);
  expect(late.output).toContain('ERR_LIMIT_SESSIONS');
  await Promise.all(names.map(passed));
}

async function lastsAsLong(): Promise<void> {
  encodes('duration');
  const started = await told('stream.started', 'duration');
  const tookMs = (await endOf('duration', 'ERR_LIMIT_DURATION')) - timeOf(started);
  note('durationMs', 'passed at it', PASS_MS);
  note('durationMs', 'ended past it', tookMs - PASS_MS);
  expect(tookMs).toBeGreaterThanOrEqual(PASS_MS);
  expect(tookMs).toBeLessThanOrEqual(PASS_MS + END_MS);
}

/** How many players wait for a name. */
async function waiting(name: string): Promise<number> {
  const answer = await fetch(server.http(`/v1/plays?name=${name}`));
  return ((await answer.json()) as { plays: unknown[] }).plays.length;
}

/** Players that were there before get nothing of a stream with a codec that it may not have. */
async function keepsFromPlayers(name: string, encode: Case['encode']): Promise<void> {
  const files = tempDir('interop');
  const [byFfmpeg, byRtmpdump] = [join(files, 'ffmpeg.flv'), join(files, 'rtmpdump.flv')];
  const raw = await RawRtmp.connected({ port: server.rtmpPort });
  const play = await raw.play(name);
  const programs = [ffmpegPlay(server.url(name), byFfmpeg), rtmpdumpPlay(server.url(name), byRtmpdump)];
  await waitFor(async () => (await waiting(name)) === 1 + programs.length, { timeoutMs: 30_000 });
  encodes(name, encode);
  await endOf(name, 'ERR_LIMIT_CODEC');
  // What comes behind it on the same connection has come: nothing was on its way.
  raw.message(4, Buffer.from([0, 6, 0, 0, 0, 7]));
  await raw.expect(({ type, payload }) => type === 4 && payload.readUInt16BE(0) === 7, 'the answer to a ping');
  const got = raw.media(play).map(({ type, values }) => `${type} ${String(values[0])}`);
  // The server says so itself at the beginning of every play.
  expect(got.filter((message) => message !== '18 |RtmpSampleAccess')).toEqual([]);
  for (const program of programs) await program.stop('SIGKILL');
  for (const path of [byFfmpeg, byRtmpdump]) expect(await tagsIn(path), path).toEqual([]);
  raw.destroy();
}

const AT = WHATS.map((what) => ({ what, name: `at its limit of ${what} passes, and ends when that is made lower` }));
const PAST = WHATS.map((what) => ({ what, name: `past its limit of ${what} by a fifth ends in time` }));
const LAST = 'ends when its time is over';
const COUNTS = [
  { name: 'players of a stream', start: () => boundsPlayers('players', 'ERR_LIMIT_PLAYERS') },
  { name: 'plays of a principal', start: () => boundsPlayers('audience', 'ERR_LIMIT_SESSIONS') },
  { name: 'publishes of a principal', start: boundsPublishes },
];
const CODECS = [
  { name: 'the picture of ffmpeg', start: () => keepsFromPlayers('no-picture-ffmpeg', looped) },
  { name: 'the sound of ffmpeg', start: () => keepsFromPlayers('no-sound-ffmpeg', looped) },
  {
    name: 'the sound of GStreamer',
    start: () => keepsFromPlayers('no-sound-gstreamer', (url) => gstEncode(url, TOLD_KBPS)),
  },
];

beforeAll(async () => {
  file = await media('long.flv');
  const tags = readFlv(await readFile(file)).filter(({ type }) => type !== 18);
  const bytes = tags.reduce((sum, { payload }) => sum + payload.length, 0);
  const cases = casesOf((bytes * 8) / tags.at(-1)!.timestamp);
  const settings = { 'auth.rules': JSON.stringify(rulesOf(cases)) };
  server = await spawnServer({ settings });
  events = await SseWatcher.open(server.http('/v1/events'));
  for (const [at, one] of cases.entries()) {
    run(AT[at]!.name, passes(one));
    run(PAST[at]!.name, exceeds(one));
    // Two dozen encoders that start at once starve each other, and their rates are not what they are told.
    if (FULL) for (const kind of ['at', 'over']) await told('stream.started', nameOf(kind, one.what));
  }
  run(LAST, lastsAsLong());
  for (const { name, start } of [...COUNTS, ...CODECS]) run(name, start());
}, 120_000);
afterAll(async () => {
  console.table(figures);
  for (const encoder of encoders.values()) await encoder.stop('SIGKILL');
  events.close();
  await server.stop();
});

describe('a stream of a real encoder', () => {
  it.each([...PAST, ...AT])('$name', ({ name }) => running.get(name), TEST_MS);

  it('ends when its time is over, and not before', () => running.get(LAST), TEST_MS);
});

describe('as many as are allowed', () => {
  it.each(COUNTS)('pass, and the next one is refused: $name', ({ name }) => running.get(name), TEST_MS);
});

describe('a codec that a stream may not have', () => {
  it.each(CODECS)('keeps every byte of the stream from its players: $name', ({ name }) => running.get(name), TEST_MS);
});
