import { basename, join } from 'node:path';
import { SluiceError } from '../core/errors.js';
import { size } from '../core/quantities.js';
import type { SluiceEvent } from '../events/event-types.js';
import { type JournalItem, readJournalFolder, type SegmentSummary } from '../events/journal/journal-folder.js';
import { EXIT } from './exit-codes.js';
import { formatEvent } from './format-event.js';
import type { Io } from './io.js';

/** Options of `sluice journal`. */
export interface JournalOptions {
  readonly from?: string;
  readonly stream?: string;
  readonly json?: boolean;
}

/**
 * `sluice journal ls|cat DIR`: reads the journal of a server without changing anything in it.
 *
 * @returns the exit code: 1 when a record is damaged
 * @throws SluiceError ERR_CLI_USAGE, ERR_JOURNAL_FOLDER, ERR_DATA_FOLDER_NOT_OURS
 */
export async function journal(what: string, dir: string, options: JournalOptions, io: Io): Promise<number> {
  if (what !== 'ls' && what !== 'cat')
    throw new SluiceError('ERR_CLI_USAGE', `journal ${what}; expected journal ls or journal cat`);
  const from = options.from === undefined ? 1 : Number(options.from);
  if (!Number.isSafeInteger(from) || from < 0)
    throw new SluiceError('ERR_CLI_USAGE', `--from ${options.from}; expected a position`);
  // Named directly, or by the data folder that it lies in.
  const folder = basename(dir) === 'journal' ? dir : join(dir, 'journal');
  let damaged = false;
  for await (const item of readJournalFolder(folder)) {
    if (item.kind === 'damage') {
      damaged = true;
      io.err(`sluice: ${item.segment}: a damaged record at byte ${item.at}; ${item.lostBytes} bytes are passed over\n`);
    } else if (what === 'ls' && item.kind === 'segment') io.out(`${segmentLine(item)}\n`);
    else if (what === 'cat' && item.kind === 'event' && item.sequence >= from) printEvent(item, options, io);
    if (io.gone.aborted) break;
    await io.room(io.gone);
  }
  return damaged ? EXIT.failed : EXIT.ok;
}

function segmentLine({ name, bytes, first, last, events, open, fromMs, toMs }: SegmentSummary): string {
  const positions = events === 0 ? 'no events' : `${events} event${events === 1 ? '' : 's'} ${first} to ${last}`;
  const times = toMs === 0 ? '' : `  ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  return `${name}  ${size(bytes).padStart(9)}  ${positions}${open > 0 ? `, ${open} not committed` : ''}${times}`;
}

function printEvent(item: Extract<JournalItem, { kind: 'event' }>, options: JournalOptions, io: Io): void {
  const text = item.json.toString('utf8');
  let event: SluiceEvent & { readonly streamid?: string };
  try {
    event = JSON.parse(text) as SluiceEvent;
  } catch {
    io.err(`sluice: ${item.segment}: the event at position ${item.sequence} is no JSON\n`);
    return;
  }
  const { stream } = options;
  if (stream !== undefined && event.subject !== stream && event.streamid !== stream) return;
  io.out(
    options.json === true ? `${text}\n` : `${String(item.sequence).padStart(8)}  ${formatEvent(event, io.colour)}\n`,
  );
}
