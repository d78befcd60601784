import type { Channel } from 'node:diagnostics_channel';
import { suggest } from '../config/suggest.js';
import { SluiceError } from '../core/errors.js';
import { cleanText } from '../core/log-fields.js';
import { EVENTS_TRACE, type FactTrace, NATS_TRACE, RTMP_TRACE, type RtmpTrace } from '../core/trace.js';
import { RtmpLines } from '../inspect/rtmp-lines.js';

const NAMES = ['rtmp', 'events', 'nats'];

/**
 * Has lines written for everything that `SLUICE_TRACE` names, from now on.
 *
 * @param names `rtmp`, `events`, `nats`, separated by commas; nothing is traced when it is empty
 * @param write takes a line with its line break
 * @param hidesNames whether names of apps and streams are not shown now: where they are stream keys
 * @returns ends it
 * @throws SluiceError ERR_CLI_USAGE for a name that is none
 */
export function startTrace(
  names: string,
  write: (line: string) => void,
  hidesNames: () => boolean = () => false,
): () => void {
  const wanted = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of wanted) {
    if (NAMES.includes(name)) continue;
    const near = suggest(name, NAMES);
    const hint = near === undefined ? `expected some of ${NAMES.join(', ')}` : `did you mean ${near}?`;
    throw new SluiceError('ERR_CLI_USAGE', `SLUICE_TRACE names ${cleanText(name)}; ${hint}`);
  }
  const line = (text: string): void => write(`${new Date().toISOString().slice(11, 23)} ${text}\n`);
  const lines = new RtmpLines(line, () => performance.now(), { hidesNames });
  const facts =
    (of: string) =>
    ({ what, name, detail }: FactTrace): void =>
      line(cleanText(`${of} ${what} ${name}${detail === undefined ? '' : ` ${detail}`}`));
  const ends: (() => void)[] = [];
  if (wanted.includes('rtmp')) ends.push(follow<RtmpTrace>(RTMP_TRACE, (trace) => lines.take(trace), line));
  if (wanted.includes('events')) ends.push(follow<FactTrace>(EVENTS_TRACE, facts('events'), line));
  if (wanted.includes('nats')) ends.push(follow<FactTrace>(NATS_TRACE, facts('nats'), line));
  return () => {
    for (const end of ends) end();
  };
}

/** Subscribes. An error of a tracer must not end the server: it becomes a line. @returns how to unsubscribe */
function follow<T>(channel: Channel, take: (message: T) => void, line: (text: string) => void): () => void {
  const subscriber = (message: unknown): void => {
    try {
      take(message as T);
    } catch (error) {
      line(cleanText(`trace failed: ${String(error)}`));
    }
  };
  channel.subscribe(subscriber);
  return () => void channel.unsubscribe(subscriber);
}
