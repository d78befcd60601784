// What is said of the chunk stream, the handshake and sessions, and the tests that show it. See rows.mjs for the form.
const HANDSHAKE = 'test/integration/conformance-handshake.test.ts';
const SESSION = 'test/integration/conformance-session.test.ts';
const HEADERS = 'test/conformance/chunk-headers.test.ts';
const CONTROL = 'test/conformance/control.test.ts';
const EXTENDED = 'test/conformance/extended-timestamps.test.ts';
const CHUNKS = 'test/integration/hostile-chunks.test.ts';
const PLAYERS = 'test/integration/players.test.ts';
const MEDIA = 'test/conformance/media-facts.test.ts';

const bytes = (file, test) => ({ client: 'bytes', file, test });

export const HANDSHAKE_ROWS = [
  ['C0 and C1 byte by byte are answered once', bytes(HANDSHAKE, 'answers a simple C0+C1 that comes byte by byte')],
  ['C2 and connect in one segment', bytes(HANDSHAKE, 'in one segment with C2')],
  ['a C1 with a digest, in either layout', bytes(HANDSHAKE, 'D8'), bytes(HANDSHAKE, 'D772')],
  ['a C1 that names a version and has no digest', bytes(HANDSHAKE, 'falls back to the simple handshake')],
  ['any C2', bytes(HANDSHAKE, 'takes any C2')],
  [
    'a first byte that is no RTMP',
    bytes(HANDSHAKE, 'closes when the first byte is'),
    bytes(HANDSHAKE, 'answers a first byte of HTTP'),
  ],
  ['silence', bytes(HANDSHAKE, 'closes a connection that says nothing')],
];

export const CHUNK_ROWS = [
  ['basic headers of one, two and three bytes', bytes(HEADERS, 'reads chunk stream id')],
  ['the two forms of chunk stream ids 64 to 319', bytes(HEADERS, 'takes the two forms of chunk stream id 64')],
  ['fmt 3 after fmt 0 repeats its timestamp as a delta (FMLE)', bytes(HEADERS, 'counts a fmt 3 after a fmt 0')],
  ['deltas of fmt 1, 2 and 3', bytes(HEADERS, 'adds the deltas')],
  ['interleaved chunk streams', bytes(CONTROL, 'gathers 300 bytes of video while audio')],
  ['Set Chunk Size in the middle of a message', bytes(CONTROL, 'a chunk size of 4096 in the middle')],
  [
    'chunk sizes 0, 1, 80000000, 7FFFFFFF, and of three bytes',
    bytes(CONTROL, 'chunk size'),
    bytes(SESSION, 'Set Chunk Size'),
  ],
  ['an extended timestamp that fmt 3 chunks repeat', bytes(EXTENDED, 'fmt 3 chunks that repeat it')],
  ['an extended timestamp that they leave out (OBS before 30.1)', bytes(EXTENDED, 'fmt 3 chunks that leave it out')],
  ['payload that equals the timestamp which was left out', bytes(EXTENDED, 'payload that happens to equal it')],
  ['an extended delta, and fmt 3 that repeats it', bytes(EXTENDED, 'a fmt 1 whose delta needs it')],
  ['timestamps past 2^32', bytes(EXTENDED, 'goes on past 2^32 ms')],
  ['a negative delta', bytes(EXTENDED, 'the delta FFFFFFF6')],
  ['fmt 1 on a fresh chunk stream 2 (librtmp)', bytes(HEADERS, 'accepts the fmt 1 with which librtmp')],
  ['fmt 2 and 3 on a fresh chunk stream', bytes(HEADERS, 'on a fresh chunk stream'), bytes(CHUNKS, 'with fmt')],
  [
    'a new header in the middle of a message',
    bytes(HEADERS, 'in the middle of a message'),
    bytes(CHUNKS, 'a new header within a message'),
  ],
  ['Abort, also of chunk streams that do not exist', bytes(CONTROL, 'Abort'), bytes(CHUNKS, 'whose abort names')],
  ['messages of no bytes', bytes(HEADERS, 'an audio message of no bytes'), bytes(SESSION, 'hands on empty audio')],
  ['lengths that are declared and never sent', bytes(CHUNKS, 'each declare 16 MiB')],
  ['message types that nobody knows', bytes(HEADERS, 'passes over message types'), bytes(SESSION, 'ignores message types')],
  ['acknowledgements within the window', bytes(SESSION, 'acknowledges within the window')],
  ['pings, and user control that is too short', bytes(SESSION, 'answers a ping'), bytes(SESSION, 'short user control')],
];

export const SESSION_ROWS = [
  [
    'connect in odd forms; a second connect; commands before connect',
    bytes(SESSION, 'accepts a connect with'),
    bytes(SESSION, 'closes on a second connect'),
    bytes(SESSION, 'before connect'),
  ],
  ['the order of the answer to connect', bytes(SESSION, 'answers connect with 5, 6, 1')],
  [
    'createStream, deleteStream, closeStream and publishing again',
    bytes(SESSION, 'two createStreams'),
    bytes(SESSION, 'takes deleteStream with'),
    bytes(SESSION, 'after closeStream'),
  ],
  ['publish without a type, of each type, of an empty name', bytes(SESSION, 'publishes'), bytes(SESSION, 'an empty name')],
  ['a name that is taken', bytes('test/integration/publishers.test.ts', 'refuses a second publisher')],
  ['the order of what a player gets', bytes(SESSION, 'orders what a player gets')],
  [
    'a player that joins in the middle of a GOP',
    bytes(PLAYERS, 'joins in the middle of a GOP'),
    bytes(PLAYERS, 'after a repeated header'),
  ],
  [
    'several publishes and plays on one connection',
    bytes('test/integration/publishers.test.ts', 'publish two streams and play a third'),
  ],
  ['AMF that is nested, cut off or of the wrong type', bytes('test/integration/hostile-amf.test.ts', 'hurts nobody else')],
  ['legacy and Enhanced RTMP payloads, frame by frame', bytes(MEDIA, 'facts of media payloads')],
];
