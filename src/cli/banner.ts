import { networkInterfaces } from 'node:os';
import { formatHostPort, type HostPort } from '../config/listen.js';
import type { Config } from '../config/table.js';
import { tellServers } from '../core/tell.js';
import { VERSION } from '../core/version.js';
import { allEvents } from '../events/subjects.js';

/**
 * The text that is printed at the start: that the server listens, and where to publish, play, look, see events and
 * health.
 */
export function banner(
  config: Config,
  rtmp: HostPort,
  http: HostPort | undefined,
  rtmps: HostPort | undefined = undefined,
): string {
  const doors = [
    `rtmp://${formatHostPort(rtmp)}`,
    ...(rtmps === undefined ? [] : [`rtmps://${formatHostPort(rtmps)}`]),
    ...(http === undefined ? [] : [`http://${formatHostPort(http)}`]),
  ];
  const base = `rtmp://${formatHostPort(reachable(rtmp)).replace(/:1935$/, '')}`;
  const lines = [
    `Sluice ${VERSION} listening on ${doors.join(' and ')}`,
    '',
    `  publish   ffmpeg -re -i video.mp4 -c copy -f flv ${base}/live/cam1`,
    `            OBS: server ${base}/live, stream key cam1`,
    `            ${command()} publish --test ${base}/live/cam1      (a test picture, without any encoder)`,
    `  play      ffplay ${base}/live/cam1`,
  ];
  if (http !== undefined) {
    const address = formatHostPort(reachable(http));
    if (config.http.page) lines.push(`  look      http://${address}/`);
    const flag = address === '127.0.0.1:8080' ? '' : ` --http ${address}`;
    lines.push(`  events    ${command()} events${flag}      (or http://${address}/v1/events)`);
  }
  if (config.nats.url !== '') {
    lines.push(`  NATS      nats sub '${allEvents(config.events.prefix)[0]}'      (${tellServers(config.nats.url)})`);
  }
  if (http !== undefined)
    lines.push(`  health    http://${formatHostPort(reachable(http))}/readyz, /metrics, /v1/streams`);
  return `${lines.join('\n')}\n\n`;
}

/** How the program is called from a terminal. In a checkout or a project it is not on the PATH. */
function command(): string {
  return process.env['npm_command'] === undefined ? 'sluice' : 'npx sluice';
}

/** An address that can be dialled. For "every address of this machine" it is the first one that other machines see. */
function reachable({ host, port }: HostPort): HostPort {
  if (host !== '0.0.0.0' && host !== '::') return { host, port };
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  return { host: outside?.address ?? '127.0.0.1', port };
}
