import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Writes to many files and nothing else, a piece to each in turn, as recordings do. Prints the CPU seconds of a
// gigabyte.
// node bare-writes-main.js FILES PIECE_BYTES PIECES

const [count, pieceBytes, pieces] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-writes-'));
const piece = Buffer.alloc(pieceBytes, 7);
const files = await Promise.all(Array.from({ length: count }, (_, i) => open(join(folder, String(i)), 'w')));
const before = process.cpuUsage();
for (let round = 0; round < pieces; round++) {
  await Promise.all(files.map((file) => file.write(piece, 0, pieceBytes, round * pieceBytes)));
}
const { user, system } = process.cpuUsage(before);
await Promise.all(files.map((file) => file.close()));
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${(user + system) / 1e6 / ((count * pieces * pieceBytes) / 1e9)}\n`);
