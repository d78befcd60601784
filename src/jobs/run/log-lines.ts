import type { SecretMask } from './secret-mask.js';

/** Longest line of a job log, in bytes, line feed included. */
export const MAX_LINE_BYTES = 4096;
const CUT = ' [cut]';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Makes lines out of what a program prints: masked, cut to 4 KiB, each with a line feed. A carriage return ends a line
 * too, because ffmpeg's status line has no other end. Lines that come together are handled together: a program that
 * prints only short ones would otherwise cost many times as much.
 */
export class LogLines {
  readonly #mask: SecretMask;
  readonly #write: (lines: Buffer) => void;
  readonly #holdBytes: number;
  /** The beginning of a line whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isCut = false;
  #isAfterReturn = false;

  /** @param write gets one line or several; the Buffer is transferred */
  constructor(mask: SecretMask, write: (lines: Buffer) => void) {
    this.#mask = mask;
    this.#write = write;
    // A secret that begins within the part of a line that is kept is held whole, so that it can be recognised.
    this.#holdBytes = MAX_LINE_BYTES + mask.longestBytes;
  }

  /** Takes the next bytes, in chunks of any size. @param chunk borrowed until return */
  push(chunk: Buffer): void {
    let rest = this.#skipEnd(chunk);
    if (this.#heldBytes > 0) {
      const end = firstEnd(rest);
      this.#hold(rest.subarray(0, end < 0 ? rest.length : end));
      if (end < 0) return;
      this.#write(this.#takeHeld());
      this.#isAfterReturn = rest[end] === CARRIAGE_RETURN;
      rest = this.#skipEnd(rest.subarray(end + 1));
    }
    const end = Math.max(rest.lastIndexOf(LINE_FEED), rest.lastIndexOf(CARRIAGE_RETURN));
    if (end >= 0) {
      this.#write(this.#wholeLines(rest.subarray(0, end + 1)));
      this.#isAfterReturn = rest[end] === CARRIAGE_RETURN;
    }
    this.#hold(rest.subarray(end + 1));
  }

  /** The program prints no more: a line without an end is one, too. */
  end(): void {
    if (this.#heldBytes > 0) this.#write(this.#takeHeld());
  }

  /** What follows the end of the line before: `\r\n`, or several `\r`, end one line and not two. */
  #skipEnd(chunk: Buffer): Buffer {
    if (!this.#isAfterReturn) return chunk;
    let from = 0;
    while (chunk[from] === CARRIAGE_RETURN) from += 1;
    this.#isAfterReturn = from === chunk.length;
    return chunk.subarray(chunk[from] === LINE_FEED ? from + 1 : from);
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

  #takeHeld(): Buffer {
    let text = this.#mask.maskLatin1(Buffer.concat(this.#held, this.#heldBytes).toString('latin1'));
    // The end of what was held may be the beginning of a secret whose rest was not kept.
    if (this.#isCut) text = text.slice(0, Math.max(0, text.length - Math.max(0, this.#mask.longestBytes - 1)));
    const line = this.#isCut || text.length >= MAX_LINE_BYTES ? cutLine(text) : `${text}\n`;
    this.#held = [];
    this.#heldBytes = 0;
    this.#isCut = false;
    return Buffer.from(line, 'latin1');
  }

  /** @param lines lines with their ends, in which each secret is whole */
  #wholeLines(lines: Buffer): Buffer {
    let text = this.#mask.maskLatin1(lines.toString('latin1'));
    if (text.includes('\r')) text = text.replace(/\r+\n?/g, '\n');
    let from = 0;
    let out = '';
    let copied = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      if (end - from >= MAX_LINE_BYTES) {
        out += text.slice(copied, from) + cutLine(text.slice(from, end));
        copied = end + 1;
      }
      from = end + 1;
    }
    return Buffer.from(copied === 0 ? text : out + text.slice(copied), 'latin1');
  }
}

function firstEnd(chunk: Buffer): number {
  const feed = chunk.indexOf(LINE_FEED);
  const back = (feed < 0 ? chunk : chunk.subarray(0, feed)).indexOf(CARRIAGE_RETURN);
  return back < 0 ? feed : back;
}

/** A line that is too long, cut, with its end. @param line bytes as characters of Latin-1 */
function cutLine(line: string): string {
  let end = Math.min(line.length, MAX_LINE_BYTES - CUT.length - 1);
  // A character of UTF-8 is not cut in two: what comes after its first byte begins with the bits 10.
  for (let back = 0; back < 3 && end > 0 && (line.charCodeAt(end) & 0xc0) === 0x80; back++) end -= 1;
  return `${line.slice(0, end)}${CUT}\n`;
}
