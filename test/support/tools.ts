import { Child, run } from './child.js';
import { builtCli } from './repository.js';

const quiet = ['ffmpeg', '-hide_banner', '-loglevel', 'warning', '-nostdin'];

/**
 * ffmpeg publishing `file` to `url` as it is: in real time unless `paced` is false. `input`/`output` add options before
 * `-i` and before the URL; `by` stands before the program: a command that runs it somewhere else.
 */
export function ffmpegPublish(
  file: string,
  url: string,
  o: { paced?: boolean; input?: readonly string[]; output?: readonly string[]; by?: readonly string[] } = {},
): Child {
  const pace = o.paced === false ? [] : ['-re'];
  return new Child([
    ...(o.by ?? []),
    ...quiet,
    ...pace,
    ...(o.input ?? []),
    '-i',
    file,
    '-c',
    'copy',
    ...(o.output ?? []),
    '-f',
    'flv',
    url,
  ]);
}

/**
 * ffmpeg encoding a noisy picture of 320x180 and a tone as they are filmed, with a keyframe each second.
 *
 * @param kbps what its encoders are told: picture and sound together, of which the sound has 64
 */
export function ffmpegEncode(url: string, kbps: number): Child {
  const rate = `${kbps - 64}k`;
  return new Child([
    ...quiet,
    ...['-re', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25,noise=alls=20:allf=t'],
    ...['-re', '-f', 'lavfi', '-i', 'sine=f=440:r=44100'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25', '-pix_fmt', 'yuv420p'],
    ...['-threads', '1', '-b:v', rate, '-maxrate', rate, '-bufsize', `${(kbps - 64) * 2}k`],
    ...['-c:a', 'aac', '-b:a', '64k', '-f', 'flv', url],
  ]);
}

/** The same by GStreamer and its `rtmp2sink`. */
export function gstEncode(url: string, kbps: number): Child {
  const rate = kbps - 64;
  return new Child([
    ...['gst-launch-1.0', '-q', 'flvmux', 'name=m', 'streamable=true', '!', 'rtmp2sink', `location=${url}`],
    ...['videotestsrc', 'is-live=true', 'pattern=snow', '!', 'video/x-raw,width=320,height=180,framerate=25/1', '!'],
    ...['x264enc', `bitrate=${rate}`, 'vbv-buf-capacity=2000', 'speed-preset=ultrafast', 'tune=zerolatency'],
    ...['key-int-max=25', 'threads=1', '!', 'queue', '!', 'm.video'],
    ...['audiotestsrc', 'is-live=true', '!', 'audio/x-raw,rate=44100,channels=2', '!'],
    ...['voaacenc', 'bitrate=64000', '!', 'queue', '!', 'm.audio'],
  ]);
}

/** ffmpeg playing `url` into an FLV file as it is; ends by itself when the server ends the stream. */
export function ffmpegPlay(url: string, file: string, output: readonly string[] = []): Child {
  return new Child([
    ...quiet,
    '-y',
    '-i',
    url,
    '-map',
    '0:v?',
    '-map',
    '0:a?',
    '-c',
    'copy',
    ...output,
    '-f',
    'flv',
    file,
  ]);
}

/** gst-launch-1.0 publishing an FLV file in real time through `rtmp2sink` or `rtmpsink`. */
export function gstPublish(sink: 'rtmp2sink' | 'rtmpsink', file: string, url: string): Child {
  const location = sink === 'rtmp2sink' ? url : `${url} live=1`;
  return new Child([
    ...['gst-launch-1.0', '-q', 'filesrc', `location=${file}`, '!', 'flvdemux', 'name=d'],
    ...['flvmux', 'name=m', 'streamable=true', '!', sink, 'sync=true', `location=${location}`],
    ...['d.video', '!', 'queue', '!', 'm.video'],
    ...['d.audio', '!', 'queue', '!', 'm.audio'],
  ]);
}

/** gst-launch-1.0 writing what `rtmp2src` or `rtmpsrc` gives into an FLV file, unbuffered, from any certificate. */
export function gstPlay(source: 'rtmp2src' | 'rtmpsrc', url: string, file: string): Child {
  return new Child([
    ...['gst-launch-1.0', '-q', source, `location=${source === 'rtmpsrc' ? `${url} live=1` : url}`],
    ...(url.startsWith('rtmps:') ? ['tls-validation-flags=0'] : []),
    ...['!', 'filesink', `location=${file}`, 'buffer-mode=unbuffered', 'sync=false'],
  ]);
}

/** rtmpdump writing a live stream to `file`. */
export function rtmpdumpPlay(url: string, file: string): Child {
  return new Child(['rtmpdump', '--live', '-q', '-r', url, '-o', file, '--timeout', '30']);
}

/** curl (with librtmp) writing a stream to `file`. */
export function curlPlay(url: string, file: string): Child {
  return new Child(['curl', '-sS', '--no-buffer', '--max-time', '60', '-o', file, url]);
}

/** The product's own command line. */
export function sluice(...args: string[]): Child {
  return new Child([process.execPath, builtCli(), ...args]);
}

/** What ffprobe says of one elementary stream. */
export interface ProbedStream {
  readonly index: number;
  readonly codec_type: 'audio' | 'video' | 'data';
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly r_frame_rate?: string;
  readonly extradata?: string;
}

/** One packet as ffprobe reads it. */
export interface ProbedPacket {
  readonly stream_index: number;
  readonly codec_type: string;
  readonly pts?: number;
  readonly dts?: number;
  readonly pts_time?: string;
  readonly dts_time?: string;
  readonly flags: string;
  readonly data_hash?: string;
  readonly data?: string;
}

/** `ffprobe -show_streams`; `input` are options before the input, such as `-analyzeduration`. */
export async function probeStreams(
  input: string,
  options: readonly string[] = [],
  timeoutMs = 20_000,
): Promise<ProbedStream[]> {
  const probe = await run(
    ['ffprobe', '-hide_banner', '-loglevel', 'error', ...options, '-show_streams', '-of', 'json', input],
    timeoutMs,
  );
  return (JSON.parse(probe.stdout) as { streams: ProbedStream[] }).streams;
}

/** Every packet of a file with the SHA-256 of its data, in file order. */
export async function probePackets(file: string, options: readonly string[] = []): Promise<ProbedPacket[]> {
  const probe = await run(
    [
      'ffprobe',
      '-hide_banner',
      '-loglevel',
      'error',
      '-show_packets',
      '-show_data_hash',
      'sha256',
      ...options,
      '-of',
      'json',
      file,
    ],
    30_000,
  );
  return (JSON.parse(probe.stdout) as { packets: ProbedPacket[] }).packets;
}

/** The packet hashes of one kind, in order: equal lists mean bit-exact media. */
export async function packetHashes(file: string, kind: 'audio' | 'video'): Promise<string[]> {
  return (await probePackets(file)).filter((p) => p.codec_type === kind).map((p) => p.data_hash ?? '');
}
