import { cleanText } from '../core/log-fields.js';
import { duration } from '../core/quantities.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import { tracks } from './format-event.js';

/**
 * The streams that are live on a server, for a person who begins to watch it. Returns none when the server cannot be
 * asked: following its events reports the failure.
 */
export async function liveStreams(
  base: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly StreamSnapshot[]> {
  try {
    const response = await fetch(`${base}/v1/streams`, { headers: { ...headers }, signal });
    const { streams } = (await response.json()) as { readonly streams: readonly StreamSnapshot[] };
    return streams;
  } catch {
    return [];
  }
}

/** One line about a live stream, in the columns of events. Text of peers is cleaned. */
export function formatLive(stream: StreamSnapshot): string {
  const sinceMs = Date.now() - Date.parse(stream.startedAt);
  const facts = [tracks(stream.tracks), `for ${duration(sinceMs)}`, `${stream.players} playing`];
  const told = facts.filter((fact) => fact !== '').join(', ');
  return `${''.padEnd(12)}  ${'live'.padEnd(16)}  ${cleanText(`${stream.app}/${stream.name}`)}  ${cleanText(told)}`;
}
