// What is said of RTMP in HTTP requests, and the tests that show it. See rows.mjs for the form.
const RTMPT = 'test/integration/rtmpt.test.ts';
const RTMPE = 'test/integration/rtmpe.test.ts';
const RED5 = 'test/interop/red5.interop.ts';
const TUNNEL = 'test/unit/transport/tunnel/tunnel.test.ts';
const SESSION = 'test/unit/transport/tunnel/session.test.ts';

const of = (client, file, test) => ({ client, file, test });
const BY_RTMPT = 'carries what ffmpeg publishes by RTMPT, on a port of its own';
const BY_RTMPTS = 'carries what ffmpeg publishes by RTMPTS';

export const RTMPT_ROWS = [
  [
    'publish by RTMPT',
    of('ffmpeg', RTMPT, BY_RTMPT),
    of('Red5 client 1.3.37', RED5, 'publishes by RTMPT, and one by RTMP plays it as it is'),
  ],
  ['play by RTMPT, bit for bit', of('ffmpeg', RTMPT, BY_RTMPT), of('rtmpdump', RTMPT, BY_RTMPT)],
  ['publish and play by RTMPTS, bit for bit', of('ffmpeg', RTMPT, BY_RTMPTS)],
  ['RTMPTE', of('rtmpdump', RTMPE, 'hands what rtmpsink publishes encrypted, bit for bit')],
  ['ident2 and unknown sessions', of('curl', RTMPT, 'says 404 to the question of Flash')],
  ['a session that is not heard of any more', of('ffmpeg', RTMPT, 'ends what is published when the session')],
  ['two connections for one session', of('bytes', SESSION, 'takes requests by any connection')],
  ['a request that comes again', of('bytes', SESSION, 'answers a request that comes again as before')],
  ['a request that is missing', of('bytes', SESSION, 'waits for a missing request')],
  ['bodies in chunks, and bodies that are too long', of('bytes', TUNNEL, 'refuses an announced body')],
];
