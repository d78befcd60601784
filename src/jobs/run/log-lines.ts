import type { SecretMask } from './secret-mask.js';

/** Longest line of a job log, in bytes, line feed included. */
export const MAX_LINE_BYTES = 4096;
const CUT = ' [cut]';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Makes lines out of what a program prints: masked, cut to 4 KiB, each with a line feed. A carriage return ends a line
 * too, because ffmpeg's status line has no other end.
 */
export class LogLines {
  readonly #mask: SecretMask;
  readonly #write: (line: Buffer) => void;
  readonly #holdBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isCut = false;
  #isAfterReturn = false;

  /** @param write gets each line; the Buffer is transferred */
  constructor(mask: SecretMask, write: (line: Buffer) => void) {
    this.#mask = mask;
    this.#write = write;
    // A secret that begins within the part of a line that is kept is held whole, so that it can be recognised.
    this.#holdBytes = MAX_LINE_BYTES + mask.longestBytes;
  }

  /** Takes the next bytes, in chunks of any size. @param chunk borrowed until return */
  push(chunk: Buffer): void {
    let from = 0;
    let feed = chunk.indexOf(LINE_FEED);
    let back = chunk.indexOf(CARRIAGE_RETURN);
    while (feed >= 0 || back >= 0) {
      const isFeed = feed >= 0 && (back < 0 || feed < back);
      const end = isFeed ? feed : back;
      this.#hold(chunk.subarray(from, end));
      this.#endLine(isFeed);
      from = end + 1;
      if (isFeed) feed = chunk.indexOf(LINE_FEED, from);
      else back = chunk.indexOf(CARRIAGE_RETURN, from);
    }
    this.#hold(chunk.subarray(from));
  }

  /** The program prints no more: a line without an end is one, too. */
  end(): void {
    if (this.#heldBytes > 0) this.#endLine(true);
  }

  #hold(part: Buffer): void {
    if (part.length === 0) return;
    this.#isAfterReturn = false;
    const room = this.#holdBytes - this.#heldBytes;
    if (part.length > room) this.#isCut = true;
    if (room <= 0) return;
    // A copy, because the chunk belongs to the caller again after this call.
    const kept = Buffer.from(part.subarray(0, room));
    this.#held.push(kept);
    this.#heldBytes += kept.length;
    if (this.#held.length >= 256) this.#held = [Buffer.concat(this.#held)];
  }

  #endLine(isFeed: boolean): void {
    // A line feed after a carriage return ends the same line once more, and returns alone end empty lines without end.
    const isEmpty = this.#heldBytes === 0;
    if (!(isEmpty && (!isFeed || this.#isAfterReturn))) this.#write(this.#takeLine());
    this.#isAfterReturn = !isFeed;
  }

  #takeLine(): Buffer {
    const whole = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes);
    let line = this.#mask.maskBytes(whole);
    // The end of what was held may be the beginning of a secret whose rest was not kept.
    if (this.#isCut) line = line.subarray(0, Math.max(0, line.length - Math.max(0, this.#mask.longestBytes - 1)));
    const isLong = this.#isCut || line.length >= MAX_LINE_BYTES;
    if (isLong) line = line.subarray(0, wholeCharacters(line, MAX_LINE_BYTES - CUT.length - 1));
    this.#held = [];
    this.#heldBytes = 0;
    this.#isCut = false;
    return Buffer.concat([line, Buffer.from(isLong ? `${CUT}\n` : '\n')]);
  }
}

/** At most `most` bytes, less when a character of UTF-8 would be cut in two. */
function wholeCharacters(bytes: Buffer, most: number): number {
  let end = Math.min(most, bytes.length);
  if (end === bytes.length) return end;
  for (let back = 0; back < 3 && end > 0 && (bytes[end]! & 0xc0) === 0x80; back++) end -= 1;
  return end;
}
