import { join } from 'node:path';
import { checkOwn, MAKE_OR_APPEND, openOwn } from '../../core/own-files.js';
import type { JournalEntry } from '../journal/journal.js';

const FILE = 'quarantine.jsonl';
const MAX_BYTES = 16 << 20;

/**
 * Events that JetStream will never take, one JSON object a line, so that a person can look at them and no other event
 * has to wait.
 */
export class Quarantine {
  readonly #path: string | undefined;

  /** @param dir folder of the file; without one nothing is kept */
  constructor(dir: string | undefined) {
    this.#path = dir === undefined ? undefined : join(dir, FILE);
  }

  /** Checks the file once, before anything depends on it. @throws SluiceError ERR_DATA_FOLDER_NOT_OURS */
  static async check(dir: string): Promise<void> {
    await checkOwn(join(dir, FILE));
  }

  /** Adds an event; never rejects. Past 16 MiB nothing more is added. */
  async add(entry: JournalEntry, reason: string): Promise<void> {
    if (this.#path === undefined) return;
    try {
      const file = await openOwn(this.#path, MAKE_OR_APPEND);
      try {
        if ((await file.stat()).size > MAX_BYTES) return;
        const line = {
          position: entry.sequence,
          wallMs: entry.wallMs,
          subject: entry.subject,
          reason,
          event: entry.json.toString('utf8'),
        };
        await file.appendFile(`${JSON.stringify(line)}\n`);
      } finally {
        await file.close();
      }
    } catch {
      // The caller has logged and counted it. A full disk must not stop other events.
    }
  }
}
