import { createCipheriv, randomBytes } from 'node:crypto';

// RC4 of OpenSSL and nothing else: the bytes of one stream for many players, each with a cipher of its own, in the
// pieces that the fan-out writes. Run it with --openssl-legacy-provider. Prints the CPU seconds of a gigabyte.
// node bare-rc4-main.js PLAYERS PIECE_BYTES SECONDS

const [players, pieceBytes, seconds] = process.argv.slice(2).map(Number);
const piece = randomBytes(pieceBytes);
const ciphers = Array.from({ length: players }, () => createCipheriv('rc4', randomBytes(16), null));
const round = (): void => {
  for (const cipher of ciphers) cipher.update(piece);
};
round();
const before = process.cpuUsage();
let bytes = 0;
for (const until = performance.now() + seconds * 1000; performance.now() < until; bytes += players * pieceBytes)
  round();
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${(user + system) / 1e6 / (bytes / 1e9)}\n`);
