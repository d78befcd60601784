import { cleanText } from '../core/log-fields.js';
import { programName } from '../core/program-name.js';
import { duration, size } from '../core/quantities.js';
import type { EventData, SluiceEvent } from '../events/event-types.js';
import { eventName } from '../events/subjects.js';
import type { Track } from '../model/track.js';

const COLOURS: Readonly<Record<string, string>> = {
  'stream.started': '36',
  'stream.ready': '32',
  'stream.resumed': '32',
  'stream.recovered': '32',
  'stream.ended': '33',
  'stream.stalled': '33',
  'stream.suspended': '33',
  'stream.rejected': '31',
  'record.started': '36',
  'record.ended': '33',
  'relay.started': '36',
  'relay.failed': '33',
  'node.lost': '31',
};

/**
 * One line for a person: time, what happened, to which stream, and the facts that matter about it. Text of peers is
 * cleaned, so that it cannot control the terminal.
 *
 * @param colour whether to use terminal colours
 */
export function formatEvent(event: SluiceEvent, colour: boolean): string {
  const verb = eventName(event.type);
  const time = localTime(event.time);
  const name = cleanText(verb).padEnd(16);
  const painted = colour ? `\x1b[${COLOURS[verb] ?? '2'}m${name}\x1b[0m` : name;
  return `${time}  ${painted}  ${cleanText(event.subject)}  ${cleanText(summary(event))}`.trimEnd();
}

function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '--:--:--.---';
  const two = (value: number) => String(value).padStart(2, '0');
  const millis = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`;
}

type Teller<T> = (data: T) => readonly (string | undefined)[];

const TELLERS: { readonly [T in keyof EventData]?: Teller<EventData[T]> } = {
  'io.sluice.stream.started': (d) => [
    `from ${d.peer.address}:${d.peer.port}`,
    `over ${d.transport}`,
    d.encoder && `by ${programName(d.encoder)}`,
  ],
  'io.sluice.stream.ready': (d) => [
    tracks(d.tracks),
    d.missing && `without ${d.missing.join(' and ')}`,
    `after ${d.timeToReadyMs} ms`,
  ],
  'io.sluice.stream.updated': (d) => [
    Array.isArray(d.after['tracks']) ? tracks(d.after['tracks'] as Track[]) : undefined,
  ],
  'io.sluice.node.command': (d) => [`${d.verb} ${JSON.stringify(d.target)}`, `by ${d.actor}`, d.result],
  'io.sluice.stream.ended': (d) => [
    d.reason,
    `after ${duration(d.durationMs)}`,
    size(d.bytes),
    d.drops > 0 ? `${d.drops} dropped` : undefined,
  ],
  'io.sluice.stream.rejected': (d) => [`${d.reason} (${d.code})`, `from ${d.peer.address}:${d.peer.port}`],
  'io.sluice.stream.stalled': (d) => [`${d.kind} track ${d.trackId}`, `no frames for ${d.gapMs} ms`],
  'io.sluice.stream.recovered': (d) => [`${d.kind} track ${d.trackId}`, `after ${d.gapMs} ms`],
  'io.sluice.stream.suspended': (d) => [`held for ${duration(d.resumeWindowMs)}`, d.cause],
  'io.sluice.stream.resumed': (d) => [`from ${d.peer.address}:${d.peer.port}`, `after ${duration(d.gapMs)}`],
  'io.sluice.stream.data': (d) => [d.handler, JSON.stringify(d.values)],
  'io.sluice.record.started': (d) => [d.file, d.part > 1 ? `part ${d.part}` : undefined],
  'io.sluice.record.ended': (d) => [
    d.file,
    d.reason,
    `${duration(d.durationMs)} long`,
    size(d.bytes),
    d.gaps > 0 ? `${d.gaps} gaps` : undefined,
    d.detail,
  ],
  'io.sluice.relay.started': (d) => [d.direction, d.url, d.attempts > 1 ? `attempt ${d.attempts}` : undefined],
  'io.sluice.relay.failed': (d) => [d.direction, d.url, d.code, d.detail, `again in ${duration(d.retryInMs)}`],
  'io.sluice.relay.ended': (d) => [d.direction, d.url, d.reason, size(d.bytes)],
  'io.sluice.play.started': (d) => [
    `from ${d.peer.address}:${d.peer.port}`,
    d.client && `with ${programName(d.client)}`,
    d.job && `job ${d.job.template}`,
  ],
  'io.sluice.play.ended': (d) => [
    d.reason,
    `after ${duration(d.durationMs)}`,
    size(d.bytes),
    d.drops > 0 ? `${d.drops} dropped` : undefined,
  ],
};

function summary(event: SluiceEvent): string {
  const tell = TELLERS[event.type] as Teller<unknown> | undefined;
  try {
    return (tell?.(event.data) ?? []).filter((part) => part !== undefined && part !== '').join(', ');
  } catch {
    // Events of a newer version may lack what this one expects. The line is still worth printing.
    return '';
  }
}

/** What tracks a stream has: `avc1.64001F 1280x720@30 + mp4a.40.2 48000 Hz x2`. */
export function tracks(list: readonly Track[]): string {
  return list
    .map((track) => {
      const picture = track.width === undefined ? undefined : `${track.width}x${track.height}${rate(track)}`;
      const sound =
        track.sampleRate === undefined
          ? undefined
          : `${track.sampleRate} Hz${track.channels === undefined ? '' : ` x${track.channels}`}`;
      return [track.codec, picture ?? sound].filter((part) => part !== undefined).join(' ');
    })
    .join(' + ');
}

/** `@25` as measured, else the claimed rate, marked as such. */
function rate({ fps, declaredFps }: Track): string {
  if (fps !== undefined) return `@${fps}`;
  return declaredFps === undefined ? '' : ` (claims ${declaredFps} fps)`;
}
