import { ROWS } from '../../config/table.js';
import type { Command } from '../commander.js';
import { CONFIG_FLAGS } from '../config-flags.js';

/** What may stand in one place: a file, one of some words, or what nobody can guess. */
export type Values = 'files' | 'anything' | readonly string[];

/** A flag of a command. */
export interface Flag {
  /** As they are typed: `--set`, `-o`. */
  readonly names: readonly string[];
  readonly says: string;
  /** Undefined: the flag has no value. */
  readonly value: Values | undefined;
}

/** What can be typed behind a command; the program itself is the one with an empty path. */
export interface Place {
  /** The words of the command, each with a slash before it: `/config/get`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly says: string }[];
  readonly flags: readonly Flag[];
  /** What its arguments may be, in their order. */
  readonly arguments: readonly Values[];
}

/** Words that arguments may be, by command and place: commander knows of those only that they are there. */
export const ARGUMENT_WORDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '/load': [['play', 'publish']],
  '/journal': [['ls', 'cat']],
  '/sign': [['publish', 'play']],
  '/key': [['new', 'hash']],
  '/completion': [['bash', 'zsh', 'fish']],
  '/config/get': [ROWS.map(({ key }) => key)],
};

/**
 * Every place of a command line, the program's own first. What its default command takes can be typed there as well.
 */
export function placesOf(program: Command): Place[] {
  const serve = program.commands.find((command) => command.name() === 'serve');
  const top = placesBelow(program, '')[0]!;
  const flags = serve === undefined ? [] : flagsOf(serve);
  return [
    { ...top, flags: unique([...top.flags, ...flags]) },
    ...program.commands.flatMap((command) => placesBelow(command, `/${command.name()}`)),
  ];
}

function placesBelow(command: Command, path: string): Place[] {
  const own: Place = {
    path,
    commands: command.commands.map((each) => ({ name: each.name(), says: briefly(each.description()) })),
    flags: flagsOf(command),
    arguments: command.registeredArguments.map(
      (argument, i) => ARGUMENT_WORDS[path]?.[i] ?? argument.argChoices ?? placeholderValues(argument.name()),
    ),
  };
  if (path === '') return [own];
  return [own, ...command.commands.flatMap((each) => placesBelow(each, `${path}/${each.name()}`))];
}

function flagsOf(command: Command): Flag[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => {
      const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
      const takesValue = option.required || option.optional;
      const value = takesValue ? valuesOf(option.long ?? '', option.flags, option.argChoices) : undefined;
      return { names, says: briefly(option.description), value };
    });
}

function valuesOf(name: string, flags: string, choices: readonly string[] | undefined): Values {
  if (choices !== undefined) return choices;
  if (name === '--set') return ROWS.filter(({ setting }) => setting.secret !== true).map(({ key }) => `${key}=`);
  const key = CONFIG_FLAGS.find((flag) => flag.flags.startsWith(`${name} `))?.key;
  const expects = ROWS.find((row) => row.key === key)?.setting.expects ?? '';
  if (expects.startsWith('one of ')) return expects.slice('one of '.length).split(', ');
  return placeholderValues(/<(.*)>/.exec(flags)?.[1] ?? '');
}

function placeholderValues(name: string): Values {
  return /FILE|DIR/.test(name) ? 'files' : 'anything';
}

/** The first part of a description, without what a shell would read otherwise. */
function briefly(text: string): string {
  return text
    .split(/[;(:]|\.(?: |$)/)[0]!
    .replaceAll(/[`'"$\\]/g, '')
    .trim();
}

function unique(flags: readonly Flag[]): Flag[] {
  const seen = new Set<string>();
  return flags.filter(({ names }) => {
    const name = names.at(-1)!;
    return !seen.has(name) && seen.add(name);
  });
}
