// What is said of encrypted connections, and the tests that show it. See rows.mjs for the form.
const RTMPE = 'test/integration/rtmpe.test.ts';
const RED5 = 'test/interop/red5.interop.ts';
const HANDSHAKE = 'test/unit/protocol/handshake/encrypted.test.ts';

const of = (client, file, test) => ({ client, file, test });
const BIT_FOR_BIT = 'hands what rtmpsink publishes encrypted, bit for bit';

export const RTMPE_ROWS = [
  [
    'publish by RTMPE',
    of('GStreamer rtmpsink', RTMPE, BIT_FOR_BIT),
    of('Red5 client 1.3.37', RED5, 'publishes by rtmpe, and a second one plays it as it is'),
  ],
  [
    'play by RTMPE, bit for bit',
    of('rtmpdump', RTMPE, BIT_FOR_BIT),
    of('curl', RTMPE, BIT_FOR_BIT),
    of('GStreamer rtmpsrc', RTMPE, BIT_FOR_BIT),
    of('Red5 client 1.3.37', RED5, 'publishes by rtmpe, and a second one plays it as it is'),
  ],
  ['play by RTMPTE, bit for bit', of('rtmpdump', RTMPE, BIT_FOR_BIT)],
  ['handshake types 6, 8 and 9', of('bytes', RTMPE, 'reads a connect of type')],
  ['C1 in either layout', of('bytes', HANDSHAKE, 'ends with the same keys on both sides')],
  ['a public key of 1, and a C1 without a digest', of('bytes', RTMPE, 'closes one whose public key is 1')],
  ['silence in the middle of a handshake', of('bytes', RTMPE, 'silent in the middle')],
];
