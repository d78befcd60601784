// What is said of publishers, players, codecs and commands, and the tests that show it. See rows.mjs for the form.
const MATRIX = 'test/integration/tools-matrix.test.ts';
const CODECS = 'test/integration/codecs.test.ts';
const CHAIN = 'test/integration/admission-chain.test.ts';
const ENHANCED = 'test/integration/enhanced-rtmp.test.ts';
const RED5 = 'test/interop/red5.interop.ts';
const SERVERS = 'test/interop/servers.interop.ts';
const RELAYS = 'test/interop/relays.interop.ts';
const AS_SENT = 'test/interop/client-bytes.interop.ts';
const TIMES = 'test/integration/timestamps.test.ts';
const INSPECTOR = 'test/unit/hub/media-inspector-multitrack.test.ts';
const TOLD = 'test/unit/protocol/server/session-told.test.ts';
const CONNECT = 'test/unit/protocol/server/session-connect.test.ts';

const of = (client, file, test) => ({ client, file, test });
const R5 = 'Red5 client 1.3.37';
const EACH = 'hands what';
const JOINS = 'lets every player join a running stream';
const PLAYERS = ['ffmpeg', 'rtmpdump', 'GStreamer rtmp2', 'GStreamer rtmpsrc', 'curl'];
/** Players of what Sluice's own client publishes. */
const UNTOUCHED = ['rtmpdump', 'GStreamer rtmp2', 'curl'];
const untouched = (fixture) => UNTOUCHED.map((client) => of(client, CODECS, `passes ${fixture} through untouched`));
const plain = (file) => ['ffmpeg', 'rtmpdump'].map((client) => of(client, CODECS, `passes ${file} through bit-exact`));

export const CLIENT_ROWS = [
  [
    'publish, bit for bit to every player',
    of('ffmpeg', MATRIX, 'hands what ffmpeg publishes'),
    of('GStreamer rtmp2', MATRIX, 'hands what rtmp2sink publishes'),
    of('GStreamer rtmpsink', MATRIX, 'hands what rtmpsink publishes'),
    of('OBS', 'test/interop/obs.interop.ts', 'OBS streams, is played, and ends its stream'),
    of(R5, RED5, 'publishes by rtmp, and a second one plays it as it is'),
  ],
  [
    'play, bit for bit what each of them publishes',
    ...PLAYERS.map((client) => of(client, MATRIX, EACH)),
    of(R5, RED5, 'publishes by rtmp, and a second one plays it as it is'),
  ],
  ['join a running stream at a keyframe, without a gap', ...PLAYERS.map((client) => of(client, MATRIX, JOINS))],
  [
    'timestamps from just below 2^24 and 2^32 ms on',
    of('ffmpeg', TIMES, 'that ffmpeg starts at'),
    of('rtmpdump', TIMES, 'that ffmpeg starts at'),
    of('bytes', TIMES, 'go on for players across the edge'),
  ],
  [
    'a publisher that is killed and starts again',
    of('ffmpeg', 'test/integration/conflict.test.ts', 'goes on when ffmpeg was killed and is started again'),
    of('bytes', 'test/integration/players.test.ts', 'lets waiting players carry on'),
  ],
  ['a player that does not read', of('bytes', 'test/integration/players.test.ts', 'a player that never reads')],
  ['Adobe authentication', of('ffmpeg', CHAIN, 'users of Adobe authentication')],
  [
    'a refusal, and why',
    of('ffmpeg', CHAIN, 'the key lets in; without it'),
    of('OBS', 'test/interop/obs-refusals.interop.ts', 'OBS stops and says so'),
  ],
  [
    'a redirect (302)',
    { none: 'none was found that follows it.' },
    of('bytes', TOLD, 'at connect gets a refusal with ex.code 302'),
  ],
];

export const CODEC_ROWS = [
  ['audio alone', ...plain('audio-only.flv')],
  ['video alone', ...plain('video-only.flv')],
  ['data alone', of('bytes', ENHANCED, 'streams of data alone')],
  ['H.263 and MP3', ...plain('mp3.flv')],
  ['H.263 and Speex', ...plain('speex.flv')],
  ['VP6', ...untouched('vp6')],
  ['metadata in odd forms', of('bytes', 'test/unit/protocol/messages/data-message.test.ts', 'a data message')],
];

export const ENHANCED_ROWS = [
  ['HEVC', ...untouched('hevc-aac')],
  ['AV1', ...untouched('av1')],
  ['VP9', ...untouched('vp9')],
  ['Opus', ...untouched('opus')],
  ['fourCcList, FourCcInfoMap and capsEx in connect', of('bytes', CONNECT, 'answers Enhanced RTMP clients with capsEx')],
  ['multitrack: one track, many tracks, many codecs', of('bytes', ENHANCED, 'hands on every track, prefix and codec')],
  ['the headers of every track for late players', of('bytes', INSPECTOR, 'the headers of messages')],
  ['ModEx, nanosecond offsets, unknown codecs and packet types', of('bytes', ENHANCED, 'hands on every track')],
  ['MultichannelConfig, colorInfo, TrackIdInfoMaps', of('bytes', ENHANCED, 'all headers to one who comes later')],
  ['a track that stops while others go on', of('bytes', 'test/integration/facts.test.ts', 'Enhanced RTMP track that stops')],
  ['SequenceEnd with timestamp 0 (OBS)', of('bytes', AS_SENT, 'by OBS at the end of an AV1 stream')],
  [
    'ReconnectRequest on drain',
    { none: 'none was found that announces bit 1 of capsEx.' },
    of('bytes', 'test/integration/drain.test.ts', 'asks clients that understand it to connect elsewhere'),
    of('bytes', 'test/unit/rtmp/rtmp-listener-tunnel.test.ts', 'asks clients that understand it to connect again'),
  ],
];

export const CALL_ROWS = [
  [
    'remote shared objects',
    of(R5, RED5, 'shares an object with another one'),
    of('bytes', 'test/integration/shared-objects.test.ts', 'is the same for two clients'),
  ],
  ['persistent shared objects', of('bytes', 'test/integration/shared-objects.test.ts', 'that is persistent')],
  ['calls of clients', of(R5, RED5, 'calls a program on NATS and gets its answer')],
  ['calls to clients', of(R5, RED5, 'is called by the server while it publishes and while it plays')],
];

export const SERVER_ROWS = [
  [
    'relays of other servers push here',
    of('nginx-rtmp', SERVERS, 'of nginx-rtmp pushes a stream here'),
    of('Node-Media-Server', SERVERS, 'of Node-Media-Server pushes a stream here'),
  ],
  ['relays of other servers pull from here', of('Node-Media-Server', SERVERS, 'of Node-Media-Server pulls a live stream')],
  [
    'streams are pushed to other servers',
    of('nginx-rtmp', RELAYS, 'pushes a stream to nginx-rtmp'),
    of('Node-Media-Server', RELAYS, 'pushes a stream to Node-Media-Server'),
  ],
  [
    'streams are pulled from other servers',
    of('nginx-rtmp', RELAYS, 'pulls a stream of nginx-rtmp'),
    of('Node-Media-Server', RELAYS, 'pulls a stream of Node-Media-Server'),
  ],
  ['a chain of three', of('ffmpeg', 'test/integration/relays.test.ts', 'hands on what ffmpeg publishes')],
  ['media on message stream 0 (Node-Media-Server)', of('bytes', AS_SENT, 'by the relay of Node-Media-Server')],
  ['publish and play on message stream 0 (xiu)', of('bytes', AS_SENT, 'by xiu')],
];
