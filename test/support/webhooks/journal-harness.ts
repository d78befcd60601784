import type { Clock } from '../../../src/core/clock.js';
import { EventLog } from '../../../src/events/event-log.js';
import { Journal } from '../../../src/events/journal/journal.js';
import { type JournalOptions, journalOptions } from '../../../src/events/journal/options.js';
import { MemoryStorage } from '../../../src/events/journal/storage.js';
import { ManualClock, RecordingLog, someEvent } from '../events-parts.js';
import { waitFor } from '../wait.js';

/** A journal in memory and its log, as webhooks read them. */
export async function openJournal(
  more: {
    readonly storage?: MemoryStorage;
    readonly clock?: Clock;
    readonly options?: Partial<JournalOptions>;
    readonly leaving?: (upTo: number) => Promise<void>;
  } = {},
) {
  const { storage = new MemoryStorage(), clock = new ManualClock() } = more;
  const nobody = { event: () => undefined, carried: () => undefined, moved: () => undefined, boot: () => undefined };
  const log = new RecordingLog();
  const options = journalOptions(64 << 20, { bus: false, ...more.options });
  const { journal } = await Journal.open(storage, options, nobody, { log, clock });
  if (more.leaving !== undefined) journal.onLeaving(more.leaving);
  const events = new EventLog(journal, () => clock.wallMs());
  /** Writes events of a stream with these numbers. Resolves when they are visible. */
  const write = async (streamId: string, ...numbers: number[]): Promise<void> => {
    let position = 0;
    for (const number of numbers) position = journal.append(someEvent(streamId, number));
    await journal.sync();
    await waitFor(() => events.newest >= position);
  };
  return { storage, clock, journal, events, log, write };
}
