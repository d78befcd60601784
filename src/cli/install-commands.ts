import type { Command } from './commander.js';
import type { ConfigOptions } from './config-flags.js';
import type { Registry } from './control-commands.js';
import * as help from './help-install.js';

/**
 * Registers what helps to install and set up a server. Each command's file is loaded when it is used.
 *
 * @param program the whole command line, which the completion is made from
 * @param settingFlags adds the flags of every command that takes settings
 */
export function installCommands(
  { command, io, done }: Registry,
  program: Command,
  settingFlags: (command: Command) => Command,
): void {
  settingFlags(command('doctor', help.DOCTOR, help.DOCTOR_EXAMPLES))
    .option('--json', 'as one JSON object')
    .action(async (options: ConfigOptions & { json?: boolean }) => {
      done(await (await import('./doctor.js')).doctor(options, io));
    });
  command('completion', help.COMPLETION, help.COMPLETION_EXAMPLES)
    .argument('<SHELL>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      done((await import('./completion.js')).completion(shell, program, io));
    });
}
