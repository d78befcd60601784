import { SluiceError } from '../core/errors.js';
import type { Command } from './commander.js';
import { bashScript } from './completion/bash.js';
import { fishScript } from './completion/fish.js';
import { type Place, placesOf } from './completion/places.js';
import { zshScript } from './completion/zsh.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

const SCRIPTS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/**
 * `sluice completion`: prints a script that completes commands, flags and their values, made from the program itself.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CLI_USAGE
 */
export function completion(shell: string, program: Command, io: Io): number {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new SluiceError('ERR_CLI_USAGE', `there is no completion for ${shell}; bash, zsh or fish was expected`);
  io.out(script(placesOf(program)));
  return EXIT.ok;
}
