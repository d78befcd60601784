import type { Readable } from 'node:stream';
import { SluiceError } from '../core/errors.js';

/** A terminal, or whatever else standard input is. */
export type SecretInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };

/** Most bytes of a secret. */
const MAX_BYTES = 4096;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ERASERS = ['\u0008', '\u007f'];

/**
 * Reads one secret. From a terminal it is one line that is not shown; from anywhere else it is everything up to the end
 * without the last line break, so that `printf %s` and `echo` give the same.
 *
 * @param prompt is shown on a terminal only
 * @throws ERR_CLI_USAGE when nothing comes, when it has more than 4096 bytes or several lines, or after Ctrl-C
 */
export async function readSecret(input: SecretInput, prompt: string, show: (text: string) => void): Promise<string> {
  const secret = input.isTTY === true ? await typed(input, prompt, show) : await piped(input);
  if (secret === '') throw new SluiceError('ERR_CLI_USAGE', 'nothing came on standard input; one line was expected');
  if (/[\r\n]/.test(secret))
    throw new SluiceError('ERR_CLI_USAGE', 'several lines came on standard input; one was expected');
  return secret;
}

async function piped(input: SecretInput): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const part = Buffer.from(chunk as Buffer | string);
    bytes += part.length;
    if (bytes > MAX_BYTES) throw tooLong();
    chunks.push(part);
  }
  return Buffer.concat(chunks, bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

async function typed(input: SecretInput, prompt: string, show: (text: string) => void): Promise<string> {
  show(prompt);
  input.setRawMode?.(true);
  input.setEncoding('utf8');
  let secret = '';
  try {
    for await (const chunk of input) {
      for (const character of chunk as string) {
        if (character === '\r' || character === '\n' || character === CTRL_D) return secret;
        if (character === CTRL_C) throw new SluiceError('ERR_CLI_USAGE', 'stopped by Ctrl-C');
        secret = ERASERS.includes(character) ? [...secret].slice(0, -1).join('') : secret + character;
        if (Buffer.byteLength(secret) > MAX_BYTES) throw tooLong();
      }
    }
    return secret;
  } finally {
    input.setRawMode?.(false);
    show('\n');
  }
}

function tooLong(): SluiceError {
  return new SluiceError('ERR_CLI_USAGE', `more than ${MAX_BYTES} bytes came on standard input`);
}
