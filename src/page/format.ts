import { duration, size } from '../core/quantities.js';
import type { Track } from '../model/track.js';

// As the commands write them.
export { duration, size };

/** `1,234`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 player`, `2 players`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** What the server says as a part of a sentence, as a sentence: `It has no frames.` */
export function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return text === '' || /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** A length of time in its two largest units, for a look in passing: `12 s`, `5 min`, `2 h 5 min`, `3 d 4 h`. */
export function roughly(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return both(hours, 'h', minutes % 60, 'min');
  return both(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function both(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** How long ago something was: `just now`, `12 s ago`; what is to come: `in 12 s`. */
export function ago(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  if (ms <= -1000) return `in ${roughly(-ms)}`;
  return ms < 1000 ? 'just now' : `${roughly(ms)} ago`;
}

/** A time of day and date where the browser is: `2026-11-27 06:52:48`; `''` for what is no time. */
export function exactTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${timeOfDay(iso)}`;
}

/** `06:52:48` where the browser is; `''` for what is no time. */
export function timeOfDay(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A bit rate: `4512 kbit/s`, and `12.3 Mbit/s` from ten of those on. */
export function rate(kbps: number): string {
  if (kbps < 10_000) return `${Math.round(kbps)} kbit/s`;
  const [step, unit] = (kbps < 1e6 ? [1e3, 'Mbit/s'] : kbps < 1e9 ? [1e6, 'Gbit/s'] : [1e9, 'Tbit/s']) as [
    number,
    string,
  ];
  return `${(kbps / step).toFixed(1)} ${unit}`;
}

/** A short time: `840 ms`, `2.4 s`. */
export function milliseconds(ms: number): string {
  return Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : duration(ms);
}

/** What a track is: `H.264 1280x720@30`, `AAC 48 kHz stereo`. */
export function trackWords(track: Track): string {
  return [codecName(track.codec), pictureSize(track), soundForm(track)].filter((part) => part !== '').join(' ');
}

/** `48 kHz stereo`; `''` while nothing is known of it. */
export function soundForm({ sampleRate, channels }: Track): string {
  const rateOf = sampleRate === undefined ? '' : `${sampleRate / 1000} kHz`;
  const channelsOf = channels === undefined ? '' : (CHANNELS[channels] ?? `${channels} channels`);
  return [rateOf, channelsOf].filter((part) => part !== '').join(' ');
}

const CHANNELS: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1' };

/** `1280x720@30`; `''` while its size is not known. */
export function pictureSize({ width, height, fps, declaredFps }: Track): string {
  if (width === undefined || height === undefined) return '';
  const frames = fps ?? declaredFps;
  return `${width}x${height}${frames === undefined ? '' : `@${Math.round(frames * 100) / 100}`}`;
}

const CODECS: Readonly<Record<string, string>> = {
  avc1: 'H.264',
  avc3: 'H.264',
  hvc1: 'HEVC',
  hev1: 'HEVC',
  vvc1: 'VVC',
  vvi1: 'VVC',
  av01: 'AV1',
  vp08: 'VP8',
  vp09: 'VP9',
  flv1: 'Sorenson H.263',
  mp4a: 'AAC',
  opus: 'Opus',
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  flac: 'FLAC',
  fLaC: 'FLAC',
  mp3: 'MP3',
  '.mp3': 'MP3',
  speex: 'Speex',
};

/** The name that people know a codec by: `avc1.64001f` is H.264. What is not known is shown as it is. */
export function codecName(codec: string): string {
  if (codec === 'mp4a.40.34' || codec === 'mp4a.6b' || codec === 'mp4a.69') return 'MP3';
  return CODECS[codec] ?? CODECS[codec.split('.')[0]!] ?? codec;
}
