import { playTo, publishFile } from 'sluice/client';

const url = 'rtmp://127.0.0.1:1935/live/cam1';
const stop = new AbortController();
const publishing = publishFile('video.flv', url, { loop: true, signal: stop.signal });

const played = await playTo(url, { output: 'out.flv', durationMs: 2000 });
console.log('played', played.mediaMs, 'ms,', played.bytes, 'bytes');

stop.abort();
await publishing;
