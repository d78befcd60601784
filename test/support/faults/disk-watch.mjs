// Watches what the process does to files by wrapping the methods of node:fs file handles: which bytes of a journal
// would survive a power loss now, and a SIGKILL at a chosen write or fsync.
import { readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * `onSynced(file, bytes, note)` is called when an fsync of a journal segment is through, before the code under test
 * hears of it: `bytes` had been written when it began, and `note` is what `onSyncing()` returned then. `onCut(file,
 * bytes)`: a segment was cut to a length. `onDone('written' | 'synced')` follows each write of records and each fsync
 * of a segment. (A segment's name needs no watching: the folder is synced before anything is written to a new one.)
 */
export async function watchDisk({ onSyncing, onSynced, onCut, onDone }) {
  const probe = await open('/dev/null');
  const handle = Object.getPrototypeOf(probe);
  await probe.close();
  const { write, datasync, truncate } = handle;
  const written = new Map();
  const fileOf = (file) => {
    const path = readlinkSync(`/proc/self/fd/${file.fd}`);
    return path.endsWith('.journal') ? path : undefined;
  };
  handle.write = async function (bytes, offset, length, position) {
    const path = fileOf(this);
    const result = await write.call(this, bytes, offset, length, position);
    if (path !== undefined) {
      written.set(path, Math.max(written.get(path) ?? 0, position + result.bytesWritten));
      onDone('written');
    }
    return result;
  };
  handle.truncate = async function (length) {
    const path = fileOf(this);
    await truncate.call(this, length);
    if (path === undefined) return;
    written.set(path, length);
    onCut(path, length);
  };
  handle.datasync = async function () {
    const path = fileOf(this);
    const bytes = path === undefined ? 0 : (written.get(path) ?? 0);
    const note = onSyncing();
    await datasync.call(this);
    if (path === undefined) return;
    onSynced(path, bytes, note);
    onDone('synced');
  };
}
