import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { amf, EcmaArray } from './amf.js';
import { run } from './child.js';
import { type FlvTag, readFlv, writeFlv } from './flv.js';
import { type MediaName, media } from './media.js';
import { repository } from './repository.js';

interface DumpedPacket {
  readonly codec_type: 'audio' | 'video';
  readonly pts_time: string;
  readonly dts_time?: string;
  readonly flags: string;
  readonly data: string;
}
interface DumpedStream {
  readonly codec_type: 'audio' | 'video';
  readonly extradata?: string;
}

/** The bytes of ffprobe's `-show_data` dump: `00000000: 0142 c00d …  .B..`, 16 bytes to a line. */
function undump(dump: string): Buffer {
  const hex = dump
    .split('\n')
    .map((line) => line.slice(10, 50).replaceAll(' ', ''))
    .join('');
  return Buffer.from(hex, 'hex');
}

async function elementary(file: string, kind: 'v' | 'a'): Promise<{ config: Buffer; packets: DumpedPacket[] }> {
  const probe = await run(
    [
      'ffprobe',
      '-hide_banner',
      '-loglevel',
      'error',
      '-select_streams',
      kind,
      '-show_streams',
      '-show_packets',
      '-show_data',
      '-of',
      'json',
      file,
    ],
    30_000,
  );
  const { streams, packets } = JSON.parse(probe.stdout) as { streams: DumpedStream[]; packets: DumpedPacket[] };
  return { config: undump(streams[0]?.extradata ?? ''), packets };
}

const ms = (seconds: string) => Math.round(Number(seconds) * 1000);

function enhancedVideo(fourCc: string, config: Buffer, packets: readonly DumpedPacket[], withCts: boolean): FlvTag[] {
  const cc = Buffer.from(fourCc, 'latin1');
  const tags: FlvTag[] = [{ type: 9, timestamp: 0, payload: Buffer.concat([Buffer.from([0x90]), cc, config]) }];
  const lead = Math.max(0, ...packets.map((p) => -ms(p.dts_time ?? p.pts_time)));
  for (const packet of packets) {
    const dts = ms(packet.dts_time ?? packet.pts_time) + lead;
    const cts = ms(packet.pts_time) + lead - dts;
    const frame = packet.flags.startsWith('K') ? 0x10 : 0x20;
    const coded = withCts && cts !== 0;
    const composition = Buffer.alloc(coded ? 3 : 0);
    if (coded) composition.writeIntBE(cts, 0, 3);
    const head = Buffer.concat([Buffer.from([0x80 | frame | (withCts && !coded ? 3 : 1)]), cc, composition]);
    tags.push({ type: 9, timestamp: dts, payload: Buffer.concat([head, undump(packet.data)]) });
  }
  tags.push({ type: 9, timestamp: tags.at(-1)?.timestamp ?? 0, payload: Buffer.concat([Buffer.from([0x92]), cc]) });
  return tags;
}

function enhancedAudio(fourCc: string, config: Buffer, packets: readonly DumpedPacket[]): FlvTag[] {
  const cc = Buffer.from(fourCc, 'latin1');
  return [
    { type: 8, timestamp: 0, payload: Buffer.concat([Buffer.from([0x90]), cc, config]) },
    ...packets.map((p) => ({
      type: 8,
      timestamp: Math.max(0, ms(p.dts_time ?? p.pts_time)),
      payload: Buffer.concat([Buffer.from([0x91]), cc, undump(p.data)]),
    })),
  ];
}

/** `VPCodecConfigurationRecord` without its FullBox header: profile 0, level 1.1, 8 bit 4:2:0, BT.709, no init data. */
const vpcC = Buffer.from([0, 11, 0x82, 1, 1, 1, 0, 0]);

const makers = {
  'hevc-aac': async () => {
    const file = await media('hevc.mp4');
    const { config, packets } = await elementary(file, 'v');
    const sound = await elementary(file, 'a');
    const aac: FlvTag[] = [
      { type: 8, timestamp: 0, payload: Buffer.concat([Buffer.from([0xaf, 0]), sound.config]) },
      ...sound.packets.map((p) => ({
        type: 8,
        timestamp: Math.max(0, ms(p.pts_time)),
        payload: Buffer.concat([Buffer.from([0xaf, 1]), undump(p.data)]),
      })),
    ];
    return [...enhancedVideo('hvc1', config, packets, true), ...aac];
  },
  av1: async () => {
    const { config, packets } = await elementary(await media('av1.mkv'), 'v');
    return enhancedVideo('av01', config, packets, false);
  },
  vp9: async () => enhancedVideo('vp09', vpcC, (await elementary(await media('vp9.mkv'), 'v')).packets, false),
  opus: async () => {
    const { config, packets } = await elementary(await media('opus.mkv'), 'a');
    return enhancedAudio('Opus', config, packets);
  },
  /**
   * VP6 frames whose headers are right (a keyframe each second) and whose coded data is a fixed pattern: nothing here
   * encodes VP6.
   */
  vp6: async () =>
    Array.from({ length: 50 }, (_, i) => {
      const key = i % 25 === 0;
      const coded = Buffer.from(Array.from({ length: 400 }, (__, j) => (i * 31 + j * 7) & 255));
      const head = key ? [0x14, 0, 0x78, 0x46, 12, 20, 12, 20] : [0x24, 0, 0xf8];
      return { type: 9, timestamp: i * 40, payload: Buffer.concat([Buffer.from(head), coded]) };
    }),
} as const satisfies Record<string, () => Promise<FlvTag[]>>;

/** Name of a fixture that ffmpeg 5.1 cannot write itself. */
export type FixtureName = keyof typeof makers;

/** An FLV file (path and tags) with Enhanced RTMP or VP6 payloads, built here from elementary streams. */
export async function fixture(name: FixtureName): Promise<{ path: string; tags: FlvTag[] }> {
  const path = join(repository(), 'node_modules', '.cache', 'sluice', 'media', `fixture-${name}.flv`);
  if (!existsSync(path)) {
    const tags: FlvTag[] = (await makers[name]()).sort((a, b) => a.timestamp - b.timestamp);
    const script = amf('onMetaData', new EcmaArray({ width: 320, height: 180, framerate: 25, fixture: name }));
    const unfinished = `${path}.${process.pid}.${performance.now().toFixed(0)}`;
    writeFileSync(unfinished, writeFlv([{ type: 18, timestamp: 0, payload: script }, ...tags]));
    renameSync(unfinished, path);
  }
  return { path, tags: readFlv(await readFile(path)) };
}

/** The tags of a media file that is FLV already. */
export async function flvTags(name: MediaName): Promise<FlvTag[]> {
  return readFlv(await readFile(await media(name)));
}
