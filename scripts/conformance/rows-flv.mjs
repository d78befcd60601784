// What is said of FLV over HTTP and WebSocket, and the tests that show it. See rows.mjs for the form.
const FLV = 'test/integration/http-flv.test.ts';

const of = (client, test) => ({ client, file: FLV, test });
const PACKETS = 'get the very packets of the source';

export const FLV_ROWS = [
  ['play over HTTP, bit for bit', of('ffmpeg', PACKETS), of('curl', PACKETS)],
  ['play over WebSocket, bit for bit', of('Node', PACKETS)],
  ['requests that are wrong, late, or none', of('bytes', 'are told what is wrong'), of('bytes', 'does not come in time')],
  ['as many players as are allowed', of('bytes', 'lets as many play as httpFlv.maxPlayers says')],
];
