/** Ids of connections, streams and plays. A terminal shows them at level debug only; format json always has them. */
const ID = /(?:^id|Id)$/;
/** Fields that the line shows in another place. */
const SHOWN = new Set(['level', 'time', 'msg']);

/**
 * Writes a log entry as one line for a person: the sentence, the stream, the peer, then the other fields as `key
 * value`.
 *
 * @param entry the fields of a line, cleaned already
 * @param withIds whether ids of connections, streams and plays are shown, too
 */
export function readableLine(entry: Readonly<Record<string, unknown>>, withIds: boolean): string {
  const { msg, app, name, peer, err, ...rest } = entry;
  const parts = [String(msg ?? '')];
  if (typeof name === 'string') parts.push(typeof app === 'string' ? `${app}/${name}` : name);
  else if (typeof app === 'string') parts.push(`app ${app}`);
  if (peer !== undefined) parts.push(`from ${String(peer)}`);
  for (const [key, value] of Object.entries(rest)) {
    if (SHOWN.has(key) || (!withIds && ID.test(key))) continue;
    parts.push(`${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  }
  if (typeof err === 'object' && err !== null) parts.push(errorWords(err));
  return parts.join('  ');
}

const LEVELS: Readonly<Record<string, string>> = { debug: '34', info: '32', warn: '33', error: '31' };

/**
 * Turns a JSON line of the log into one for a terminal: the local time, the level, and what {@link readableLine}
 * writes.
 *
 * @param json one JSON object, as the logger writes it
 */
export function terminalLine(json: string, o: { readonly colour: boolean; readonly withIds: boolean }): string {
  const entry = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const level = String(entry['level']);
  const name = level.toUpperCase();
  const painted = o.colour ? `\x1b[${LEVELS[level] ?? '39'}m${name}\x1b[39m` : name;
  return `[${localTime(String(entry['time']))}] ${painted}: ${readableLine(entry, o.withIds)}\n`;
}

function localTime(iso: string): string {
  const date = new Date(iso);
  const digits = (value: number, count: number): string => String(value).padStart(count, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value, 2));
  return `${clock.join(':')}.${digits(date.getMilliseconds(), 3)}`;
}

/** The message of an error, and where it was thrown. */
function errorWords(err: { readonly message?: unknown; readonly stack?: unknown }): string {
  const place = /\n\s*(at .*)/.exec(typeof err.stack === 'string' ? err.stack.replaceAll('\\n', '\n') : '')?.[1];
  return `error ${JSON.stringify(err.message ?? '')}${place === undefined ? '' : ` ${place.split('\n')[0]}`}`;
}
