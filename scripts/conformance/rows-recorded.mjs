// What is said of recorded streams, and the tests that show it. See rows.mjs for the form.
const FILES = 'test/integration/recorded-streams.test.ts';
const SESSION = 'test/unit/protocol/server/session-recorded.test.ts';

const of = (client, file, test) => ({ client, file, test });
const EVERY_FRAME = 'ffmpeg and GStreamer get every frame';

export const RECORDED_ROWS = [
  [
    'play an FLV file, every frame',
    of('ffmpeg', FILES, EVERY_FRAME),
    of('GStreamer rtmp2', FILES, EVERY_FRAME),
    of('bytes', FILES, 'plays every tag of a file'),
  ],
  ['play an MP4 file, every frame', of('ffmpeg', FILES, EVERY_FRAME)],
  ['play HEVC of MP4 as Enhanced RTMP', of('bytes', FILES, 'plays HEVC of MP4')],
  ['seek', of('ffmpeg', FILES, 'ffmpeg seeks by the seek command'), of('bytes', FILES, 'seeks to a keyframe')],
  ['pause', of('bytes', FILES, 'seeks to a keyframe, pauses')],
  ['start, duration, resume', of('rtmpdump', FILES, 'rtmpdump starts, stops, and resumes')],
  ['getStreamLength', of('bytes', FILES, 'says how long a file is')],
  ['SetBufferLength', of('bytes', SESSION, 'hands on how much the client wants in advance')],
  ['Play.Complete, Play.Stop, StreamEOF', of('bytes', SESSION, 'ends with Play.Complete')],
];
