import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEntry } from '../journal/journal.js';

const MAX_BYTES = 16 << 20;

/** Events that JetStream will never take, one JSON object a line, so that a person can look at them and nothing else has to wait. */
export class Quarantine {
  readonly #path: string | undefined;

  /** @param dir folder of the file; without one nothing is kept */
  constructor(dir: string | undefined) {
    this.#path = dir === undefined ? undefined : join(dir, 'quarantine.jsonl');
  }

  /** Adds an event; never rejects. Past 16 MiB nothing more is added. */
  async add(entry: JournalEntry, reason: string): Promise<void> {
    if (this.#path === undefined) return;
    try {
      const size = await stat(this.#path).then(
        (s) => s.size,
        () => 0,
      );
      if (size > MAX_BYTES) return;
      const line = {
        position: entry.sequence,
        wallMs: entry.wallMs,
        subject: entry.subject,
        reason,
        event: entry.json.toString('utf8'),
      };
      await appendFile(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch {
      // The caller has logged and counted it; a full disk must not stop the others.
    }
  }
}
