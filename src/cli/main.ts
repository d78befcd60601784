import { suggest } from '../config/suggest.js';
import { SluiceError } from '../core/errors.js';
import { VERSION } from '../core/version.js';
import { Command, CommanderError, InvalidArgumentError, Option } from './commander.js';
import { CONFIG_FLAGS, type ConfigOptions } from './config-flags.js';
import { controlCommands, settingsCommands } from './control-commands.js';
import type { EventsOptions } from './events.js';
import { EXIT } from './exit-codes.js';
import * as help from './help.js';
import * as keyHelp from './help-keys.js';
import type { InspectOptions } from './inspect.js';
import { installCommands } from './install-commands.js';
import type { Io } from './io.js';
import { jobsCommands } from './jobs/commands.js';
import type { JournalOptions } from './journal.js';
import type { KeyOptions } from './key.js';
import type { LoadFlags } from './load.js';
import type { PlayFlags } from './play.js';
import type { PublishTestFlags } from './publish-test.js';
import { reportError } from './report-error.js';
import type { SignOptions } from './sign.js';

/**
 * Runs the command line. Each command is loaded when it is used, so that starting the server costs only what the server
 * needs.
 *
 * @param args arguments without node and script
 * @returns the exit code, one of EXIT
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    const unwritten = await io.settle();
    return unwritten === undefined ? code : reportError(unwritten, io);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(error, io);
  }
}

type MakeCommand = (name: string, description: string, examples: string, isDefault?: boolean) => Command;

/**
 * The whole command line: every command with its flags and arguments. @param done gets the exit code of the command
 * that was run
 */
export function buildProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('sluice')
    .description(help.PROGRAM)
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help; sluice help COMMAND for one command')
    .addHelpText('after', help.PROGRAM_EXAMPLES)
    .showHelpAfterError('Try sluice --help.')
    .exitOverride()
    // Flags behind `sluice config get` are its own, also those that `sluice config` has, too.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(`sluice: ${text.replace(/^error: /, '')}`),
    });

  const command: MakeCommand = (name, description, examples, isDefault = false) =>
    program.command(name, { isDefault }).description(description).addHelpText('after', examples);

  program.commandsGroup('Server:');
  const serve = settingFlags(command('serve', help.SERVE, help.SERVE_EXAMPLES, true)).allowExcessArguments();
  serve.action(async (options: ConfigOptions) => {
    // A misspelt command ends up here, as an argument of the default one.
    if (serve.args[0] !== undefined) throw unknownCommand(serve.args[0], program);
    done(await (await import('./serve.js')).serve(options, io));
  });
  const config = settingFlags(command('config', help.CONFIG, help.CONFIG_EXAMPLES))
    .option('--json', 'as JSON, with the source of each value')
    .action(async (options: ConfigOptions & { json?: boolean }) => {
      done((await import('./config.js')).config(options, io));
    });
  settingsCommands(config, { io, done });
  program.commandsGroup('Publish and play:');
  publishCommand(command, io, done);
  command('play', help.PLAY, help.PLAY_EXAMPLES)
    .argument('<URL>', 'what: rtmp://HOST[:PORT]/APP/NAME, or rtmps://…')
    .option('-o, --output <FILE.flv>', 'write it to a file; - for standard output')
    .option('--for <DURATION>', 'stop after so much of the stream: 10s, 5m')
    .option(...help.INSECURE_FLAG)
    .action(async (url: string, flags: PlayFlags) => done(await (await import('./play.js')).play(url, flags, io)));
  const load = command('load', help.LOAD, help.LOAD_EXAMPLES)
    .argument('<MODE>', 'play or publish')
    .argument('<URL>', 'where: rtmp://HOST[:PORT]/APP/NAME; many publishers get the names URL-1, URL-2 …');
  for (const { flags, doc, numeric } of help.LOAD_FLAGS) load.addOption(loadOption(flags, doc, numeric));
  load.action(async (mode: string, url: string, flags: LoadFlags) => {
    done(await (await import('./load.js')).load(mode, url, flags, io));
  });
  keyCommands(command, io, done);
  program.commandsGroup('Watch and control a running server:');
  command('events', help.EVENTS, help.EVENTS_EXAMPLES)
    .option('--nats <URL>', 'read them from NATS JetStream (SLUICE_NATS_URL)')
    .option('--http <HOST:PORT>', 'read them from the log of this server (SLUICE_HTTP, default 127.0.0.1:8080)')
    .option('--token-file <FILE>', 'file with a token of that server (else SLUICE_HTTP_TOKEN)')
    .option('--since <WHEN>', 'start earlier: a duration such as 1h, a time such as 2026-01-31T12:00:00Z, or all')
    .option('--json', 'one JSON object per line, as the events are')
    .addOption(configFile())
    .action(async (options: EventsOptions) => {
      done(await (await import('./events.js')).events(options, io));
    });
  controlCommands({ command, io, done });
  program.commandsGroup('Jobs:');
  jobsCommands({ command, io, done });
  program.commandsGroup('Look closer:');
  maintainersCommands(command, io, done);
  installCommands({ command, io, done }, program, settingFlags);
  return program;
}

/** `sluice publish`: of a file, or of a test picture. */
function publishCommand(command: MakeCommand, io: Io, done: (code: number) => void): void {
  type Flags = PublishTestFlags & { readonly test?: boolean; readonly fast?: boolean; readonly loop?: boolean };
  command('publish', help.PUBLISH, help.PUBLISH_EXAMPLES)
    .usage('[options] FILE.flv URL\n       sluice publish --test [options] URL')
    .argument('<WHAT...>', 'an FLV file and rtmp://HOST[:PORT]/APP/NAME, or rtmps://…; with --test only the URL')
    .option('--fast', 'as fast as the server takes it, not in real time')
    .option('--loop', 'again and again, with time going on')
    .option('--test', 'a test picture in place of a file: bars, the time, a frame counter, and a beep each second')
    .option('--for <DURATION>', '--test: stop after so long: 10s, 5m (default: until Ctrl-C)')
    .option('--size <WIDTHxHEIGHT>', '--test: size of the picture (default 1280x720)')
    .addOption(loadOption('--fps <N>', '--test: frames a second (default 30)', true))
    .addOption(loadOption('--count <N>', '--test: so many publishers; their names get -1, -2 …', true))
    .option('--no-audio', '--test: no sound')
    .option(...help.INSECURE_FLAG)
    .action(async (words: readonly string[], flags: Flags) => {
      const [first = '', second, more] = words;
      if (flags.test === true && second === undefined)
        return done(await (await import('./publish-test.js')).publishTest(first, flags, io));
      if (flags.test === true || second === undefined || more !== undefined) throw publishUsage(flags.test === true);
      const unused = (['for', 'size', 'fps', 'count'] as const).find((flag) => flags[flag] !== undefined);
      if (unused !== undefined || flags.audio === false)
        throw new SluiceError('ERR_CLI_USAGE', `--${unused ?? 'no-audio'} goes with --test only`);
      done(await (await import('./publish.js')).publish(first, second, flags, io));
    });
}

function publishUsage(isTest: boolean): SluiceError {
  const expected = isTest ? 'sluice publish --test URL' : 'sluice publish FILE.flv URL, or sluice publish --test URL';
  return new SluiceError('ERR_CLI_USAGE', `${expected} was expected`);
}

/** What looks into recorded bytes and events. */
function maintainersCommands(command: MakeCommand, io: Io, done: (code: number) => void): void {
  command('inspect', help.INSPECT, help.INSPECT_EXAMPLES)
    .argument('<FILE>', 'a capture, or bytes as they were sent')
    .option('--messages', 'messages only, without the chunks they came in')
    .option('--side <SIDE>', 'who sent bytes that are no capture: client or server', 'client')
    .option('--no-handshake', 'bytes that are no capture begin behind the handshake')
    .action(async (file: string, options: InspectOptions) => {
      done(await (await import('./inspect.js')).inspect(file, options, io));
    });
  command('journal', help.JOURNAL, help.JOURNAL_EXAMPLES)
    .argument('<WHAT>', 'ls or cat')
    .argument('<DIR>', 'data folder')
    .option('--from <POSITION>', 'cat: begin with the event at this position')
    .option('--stream <NAME>', 'cat: only events of this stream, by app/name or stream id')
    .option('--json', 'cat: one JSON object per line, as the events are')
    .action(async (what: string, dir: string, options: JournalOptions) => {
      done(await (await import('./journal.js')).journal(what, dir, options, io));
    });
}

/** What makes keys and signed URLs. */
function keyCommands(command: MakeCommand, io: Io, done: (code: number) => void): void {
  command('sign', keyHelp.SIGN, keyHelp.SIGN_EXAMPLES)
    .argument('<ACTION>', 'publish or play')
    .argument('<TARGET>', 'app/name, or rtmp://HOST[:PORT]/APP/NAME')
    .option('--for <DURATION>', 'how long a stream may be started with it: 10m, 8h, 30d (default 1h)')
    .option('--key <ID>', 'sign with this key (default: the first)')
    .option('--ip <ADDRESS>', 'only for a client with this address')
    .option('--json', 'as JSON, with the string that was signed')
    .addOption(configFile())
    .action(async (action: string, target: string, options: SignOptions) => {
      done((await import('./sign.js')).sign(action, target, options, io));
    });
  command('key', keyHelp.KEY, keyHelp.KEY_EXAMPLES)
    .argument('<WHAT>', 'new or hash')
    .option('--json', 'as JSON')
    .action(async (what: string, options: KeyOptions) => {
      done(await (await import('./key.js')).key(what, options, io));
    });
}

function unknownCommand(word: string, program: Command): SluiceError {
  const names = program.commands.map((each) => each.name());
  if (names.includes(word)) return new SluiceError('ERR_CLI_USAGE', `${word} comes before its flags: sluice ${word} …`);
  const near = suggest(word, names);
  const text = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${near}?`;
  return new SluiceError('ERR_CLI_USAGE', `there is no command ${word}; ${text}`);
}

function loadOption(flags: string, doc: string, numeric: boolean): Option {
  const option = new Option(flags, doc);
  return numeric ? option.argParser(numberFrom) : option;
}

function numberFrom(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('A number was expected.');
  return value;
}

function configFile(): Option {
  return new Option('--config <FILE>', 'YAML file with settings (SLUICE_CONFIG)');
}

function settingFlags(command: Command): Command {
  for (const { flags, doc } of CONFIG_FLAGS) command.option(flags, doc);
  return command
    .addOption(configFile())
    .option(
      '--set <KEY=VALUE>',
      'any other setting, may be repeated; sluice config lists all',
      (value, before: string[] = []) => [...before, value],
    );
}
