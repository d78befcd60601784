// The clients and servers of others that tests use, and how to ask for their versions.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib.mjs';

/** The version that a command prints, or '' where it cannot be run. */
const asks =
  ([program, ...args], pattern) =>
  () =>
    pattern.exec(spawnSync(program, args, { encoding: 'utf8' }).stdout ?? '')?.[1] ?? '';
const debian = (name) => asks(['dpkg-query', '-W', '-f=${Version}', name], /^(?:\d+:)?([^-+]+)/);
const npm = (name) => () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return { ...dependencies, ...devDependencies }[name] ?? '';
};
const inFile = (path, pattern) => () => pattern.exec(readFileSync(join(root, path), 'utf8'))?.[1] ?? '';
const GSTREAMER = asks(['gst-launch-1.0', '--version'], /version (\S+)/);

const CLIENTS = [
  { name: 'ffmpeg', version: asks(['ffmpeg', '-version'], /version ([\d.]+)/) },
  { name: 'GStreamer rtmp2', version: GSTREAMER },
  { name: 'GStreamer rtmpsink', version: GSTREAMER },
  { name: 'GStreamer rtmpsrc', version: GSTREAMER },
  { name: 'rtmpdump', version: debian('rtmpdump') },
  { name: 'curl', version: asks(['curl', '--version'], /^curl (\S+)/) },
  { name: 'Node-Media-Server', version: inFile('bench/peers/node-media-server.ts', /VERSION = '([\d.]+)'/) },
  { name: 'OBS', version: debian('obs-studio') },
  { name: 'nginx-rtmp', version: debian('libnginx-mod-rtmp') },
  { name: 'Chromium', version: debian('chromium') },
  { name: 'mpegts.js', version: npm('mpegts.js') },
  { name: 'Node', version: () => process.versions.node },
];

/** @returns undefined for a client that has no version of its own, as bytes that a test sends */
export function clientNamed(name) {
  return CLIENTS.find((client) => client.name === name);
}
