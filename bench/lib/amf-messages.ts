/** AMF0 messages as real encoders send them, and one that no encoder sends. */
export interface AmfMessage {
  readonly name: string;
  readonly bytes: Buffer;
}

const NUMBER = 0;
const BOOLEAN = 1;

/** Bytes of `connect` as ffmpeg 5.1 publishes with it (captured on loopback). */
const FFMPEG_CONNECT =
  '020007636f6e6e656374003ff00000000000000300036170700200046c69766500047479706502000a6e6f6e707269766174650008666c61736856657202' +
  '0024464d4c452f332e302028636f6d70617469626c653b204c61766635392e32372e313030290005746355726c02001b72746d703a2f2f3132372e302e30' +
  '2e313a34313737392f6c697665000009';

/** Bytes of `@setDataFrame onMetaData` as ffmpeg 5.1 sends it for 720p H.264 with AAC (captured). */
const FFMPEG_METADATA =
  '02000d40736574446174614672616d6502000a6f6e4d65746144617461080000000d00086475726174696f6e0040000000000000000005776964746800' +
  '40940000000000000006686569676874004086800000000000000d766964656f646174617261746500000000000000000000096672616d657261746500' +
  '403e000000000000000c766964656f636f646563696400401c000000000000000d617564696f6461746172617465004050d88000000000000f61756469' +
  '6f73616d706c65726174650040e7700000000000000f617564696f73616d706c6573697a65004030000000000000000673746572656f0100000c617564' +
  '696f636f64656369640040240000000000000007656e636f64657202000d4c61766635392e32372e313030000866696c6573697a65000000000000000000000009';

/** connect and onMetaData of ffmpeg (captured) and of OBS Studio (its field lists, encoded here). */
export function realMessages(): AmfMessage[] {
  return [
    { name: 'ffmpeg connect', bytes: Buffer.from(FFMPEG_CONNECT, 'hex') },
    { name: 'ffmpeg onMetaData', bytes: Buffer.from(FFMPEG_METADATA, 'hex') },
    { name: 'OBS connect', bytes: obsConnect() },
    { name: 'OBS onMetaData', bytes: obsMetadata() },
  ];
}

/** 1 MB of objects inside objects: what a peer sends to exhaust a stack or a heap. */
export function hostileNesting(): AmfMessage {
  const level = Buffer.from('03000161', 'hex');
  const bytes = Buffer.alloc(1 << 20);
  for (let i = 0; i + level.length <= bytes.length; i += level.length) level.copy(bytes, i);
  return { name: 'hostile: 262,144 objects deep', bytes };
}

/** 1 MB of the smallest values, inside a strict array that claims as many. */
export function hostileCount(): AmfMessage {
  const bytes = Buffer.alloc(1 << 20, 5);
  bytes[0] = 10;
  bytes.writeUInt32BE(bytes.length - 5, 1);
  return { name: 'hostile: 1,048,571 nulls', bytes };
}

/** 1 MB of keys and values that are all different. */
export function hostileKeys(): AmfMessage {
  const parts: Buffer[] = [Buffer.from([3])];
  for (let i = 0, size = 1; size < (1 << 20) - 32; i++) {
    const part = property(`k${i.toString(36).padStart(7, '0')}`, flag(true));
    parts.push(part);
    size += part.length;
  }
  return { name: 'hostile: 87,000 keys', bytes: Buffer.concat(parts) };
}

function obsConnect(): Buffer {
  const url = 'rtmp://live.example.net/app';
  return Buffer.concat([
    text('connect'),
    number(1),
    Buffer.from([3]),
    property('app', text('app')),
    property('type', text('nonprivate')),
    property('flashVer', text('FMLE/3.0 (compatible; FMSc/1.0)')),
    property('swfUrl', text(url)),
    property('tcUrl', text(url)),
    Buffer.from([0, 0, 9]),
  ]);
}

function obsMetadata(): Buffer {
  const numbers: readonly [string, number][] = [
    ['duration', 0],
    ['fileSize', 0],
    ['width', 1920],
    ['height', 1080],
    ['videocodecid', 7],
    ['videodatarate', 6000],
    ['framerate', 60],
    ['audiocodecid', 10],
    ['audiodatarate', 160],
    ['audiosamplerate', 48000],
    ['audiosamplesize', 16],
    ['audiochannels', 2],
  ];
  const layouts = ['stereo', '2.1', '3.1', '4.0', '4.1', '5.1', '7.1'];
  return Buffer.concat([
    text('@setDataFrame'),
    text('onMetaData'),
    Buffer.from([8, 0, 0, 0, 20]),
    ...numbers.map(([name, value]) => property(name, number(value))),
    ...layouts.map((name) => property(name, flag(name === 'stereo'))),
    property('encoder', text('obs-output module (libobs version 30.2.3)')),
    Buffer.from([0, 0, 9]),
  ]);
}

function property(name: string, value: Buffer): Buffer {
  return Buffer.concat([text(name).subarray(1), value]);
}

function text(value: string): Buffer {
  const body = Buffer.from(value);
  const head = Buffer.from([2, 0, 0]);
  head.writeUInt16BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function number(value: number): Buffer {
  const out = Buffer.alloc(9, NUMBER);
  out.writeDoubleBE(value, 1);
  return out;
}

function flag(value: boolean): Buffer {
  return Buffer.from([BOOLEAN, value ? 1 : 0]);
}
