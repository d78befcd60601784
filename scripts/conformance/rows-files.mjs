// What is said of RTMPS and of recording, and the tests that show it. See rows.mjs for the form.
const RTMPS = 'test/integration/rtmps.test.ts';
const RECORDING = 'test/integration/recording.test.ts';

const of = (client, file, test) => ({ client, file, test });
const CARRIES = 'carries what ffmpeg publishes, bit for bit';

export const RTMPS_ROWS = [
  ['publish by RTMPS', of('ffmpeg', RTMPS, CARRIES)],
  ['play by RTMPS, bit for bit', of('ffmpeg', RTMPS, CARRIES), of('GStreamer rtmp2', RTMPS, CARRIES)],
  ['certificates by name (SNI), and new ones without a restart', of('Node', RTMPS, CARRIES)],
];

export const RECORDING_ROWS = [
  ['record, bit for bit', of('ffmpeg', RECORDING, 'keeps what ffmpeg publishes bit for bit')],
  ['a next file from a keyframe on', of('bytes', RECORDING, 'begins the next file at a keyframe')],
  ['publish types record and append', of('bytes', RECORDING, 'records what a client asks for by its type')],
  ['a crash in the middle of a recording', of('bytes', RECORDING, 'completes after SIGKILL')],
  ['names and links that lead out of the folder', of('bytes', RECORDING, 'writes nothing outside of its root')],
];
