import { readFileSync } from 'node:fs';
import type { Config } from '../config/table.js';
import { SluiceError } from '../core/errors.js';

/**
 * The headers with which a command shows its token to a server, if it has one: from a file, else from the settings
 * (SLUICE_HTTP_TOKEN). A token is never the value of a flag, which other users of the machine could read.
 *
 * @param file `--token-file`
 * @throws SluiceError ERR_CLI_USAGE when the file cannot be read, or holds no token
 */
export function tokenHeaders(file: string | undefined, { http }: Config): Readonly<Record<string, string>> {
  const token = file === undefined ? http.token : tokenIn(file);
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

function tokenIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SluiceError('ERR_CLI_USAGE', `--token-file ${file} ${code}`.trim(), { cause: error });
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new SluiceError('ERR_CLI_USAGE', `--token-file ${file}: a file with one token in one line was expected`);
  }
  return text;
}
