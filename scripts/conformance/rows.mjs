// What Sluice conforms to, row by row, and which test shows it with which client. `npm run conformance` makes
// docs/conformance.md from the results of these tests, and CI fails when one of them did not pass.
//
// A row is what is shown, then one or more proofs: the client, a test file, and a part of the full name of the tests.
// A row whose client does not exist says so with `none`.
import { AGGREGATE_ROWS, AMF3_ROWS } from './rows-amf.mjs';
import { RECORDING_ROWS, RTMPS_ROWS } from './rows-files.mjs';
import { FLV_ROWS } from './rows-flv.mjs';
import { CALL_ROWS, CLIENT_ROWS, CODEC_ROWS, ENHANCED_ROWS, SERVER_ROWS } from './rows-media.mjs';
import { RECORDED_ROWS } from './rows-recorded.mjs';
import { RTMPE_ROWS } from './rows-rtmpe.mjs';
import { RTMPT_ROWS } from './rows-rtmpt.mjs';
import { CHUNK_ROWS, HANDSHAKE_ROWS, SESSION_ROWS } from './rows-wire.mjs';

/** Each section has a title and rows. */
export const SECTIONS = [
  { title: 'Handshake', rows: HANDSHAKE_ROWS },
  { title: 'Chunk stream', rows: CHUNK_ROWS },
  { title: 'Sessions and media', rows: SESSION_ROWS },
  { title: 'Clients', rows: CLIENT_ROWS },
  { title: 'Codecs and kinds', rows: CODEC_ROWS },
  { title: 'Enhanced RTMP', rows: ENHANCED_ROWS },
  { title: 'AMF3', rows: AMF3_ROWS },
  { title: 'Aggregate messages', rows: AGGREGATE_ROWS },
  { title: 'Shared objects and calls', rows: CALL_ROWS },
  { title: 'Other servers', rows: SERVER_ROWS },
  { title: 'RTMPS', rows: RTMPS_ROWS },
  { title: 'RTMPE', rows: RTMPE_ROWS },
  { title: 'FLV over HTTP and WebSocket', rows: FLV_ROWS },
  { title: 'Recording', rows: RECORDING_ROWS },
  { title: 'Recorded streams', rows: RECORDED_ROWS },
  { title: 'RTMPT', rows: RTMPT_ROWS },
];

/** Every proof of every row. */
export function proofs() {
  return SECTIONS.flatMap(({ rows }) => rows.flatMap(([, ...of]) => of)).filter(({ none }) => none === undefined);
}
