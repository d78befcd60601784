import type { ControlClient } from '../../control/client/control-client.js';
import type { Outcome } from '../../control/dispatcher.js';
import type { Facts } from '../../control/ports.js';
import { cleanText } from '../../core/log-fields.js';
import { problemOf } from '../../core/problem.js';
import type { Io } from '../io.js';
import { listAll } from './list.js';

/** A stream that a command is about, or why there is none. */
type Target = { readonly streamId: string } | { readonly refused: Outcome & { readonly ok: false } };

/**
 * Finds the stream that a person names: by its id, or as `app/name`, and then says which stream that is.
 *
 * @param word as it was typed
 */
export async function resolveTarget(client: ControlClient, word: string, io: Io): Promise<Target> {
  if (!word.includes('/')) return { streamId: word };
  const found = new Map<string, Facts>();
  // Apps and names may have slashes of their own, so every one may be the border.
  for (let at = word.indexOf('/'); at >= 0; at = word.indexOf('/', at + 1)) {
    const input = { app: word.slice(0, at), name: word.slice(at + 1) };
    const listed = await listAll(client, 'streams.list', input, {});
    if (!listed.ok) return { refused: listed };
    for (const item of listed.answer['items'] as readonly Facts[]) found.set(String(item['streamId']), item);
  }
  const ids = [...found.keys()];
  const [streamId] = ids;
  if (streamId === undefined) return refuse('ERR_CTL_STREAM_UNKNOWN', `nobody publishes ${word}`);
  if (ids.length > 1) return refuse('ERR_CTL_CONFLICT', `${word} names ${ids.length} streams: ${ids.join(', ')}`);
  io.err(`${cleanText(word)} is ${cleanText(streamId)}\n`);
  return { streamId };
}

function refuse(code: 'ERR_CTL_STREAM_UNKNOWN' | 'ERR_CTL_CONFLICT', detail: string): Target {
  return { refused: { ok: false, problem: problemOf(code, detail) } };
}
