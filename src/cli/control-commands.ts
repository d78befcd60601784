import { type Command, InvalidArgumentError, Option } from './commander.js';
import type { LimitOptions, StreamOptions } from './control/streams.js';
import * as help from './help-control.js';
import type { Io } from './io.js';
import type { TopOptions } from './top/top.js';

/** Makes a command of the program. */
type MakeCommand = (name: string, description: string, examples: string) => Command;

/** What every command needs to be registered. */
export interface Registry {
  readonly command: MakeCommand;
  readonly io: Io;
  /** Takes the exit code. */
  readonly done: (code: number) => void;
}

/** Registers the commands that control what runs. Each one's file is loaded when it is used. */
export function controlCommands(registry: Registry): void {
  topCommand(registry);
  streamCommands(registry);
  messageCommands(registry);
  playCommands(registry);
  nodeCommands(registry);
  banCommands(registry);
  authCommands(registry);
  webhookCommands(registry);
}

/** The live view. It asks one server, over HTTP. */
function topCommand({ command, io, done }: Registry): void {
  command('top', help.TOP, help.TOP_EXAMPLES)
    .option('--http <HOST:PORT>', 'this server (SLUICE_HTTP, default 127.0.0.1:8080)')
    .option('--token-file <FILE>', 'file with a token of that server (else SLUICE_HTTP_TOKEN)')
    .option('--once', 'print it once and end, as where there is no terminal')
    .option('--json', 'once, as JSON')
    .addOption(new Option('--config <FILE>', 'YAML file with settings (SLUICE_CONFIG)'))
    .action(async (options: TopOptions) => {
      done(await (await import('./top/top.js')).top(options, io));
    });
}

function streamCommands({ command, io, done }: Registry): void {
  const streams = () => import('./control/streams.js');
  listFlags(whereFlags(command('ls', help.LS, help.LS_EXAMPLES))).action(async (options: StreamOptions) => {
    done(await (await streams()).ls(options, io));
  });
  whereFlags(command('get', help.GET, help.GET_EXAMPLES))
    .argument('<TARGET>', 'the stream')
    .action(async (target: string, options: StreamOptions) => {
      done(await (await streams()).get(target, options, io));
    });
  kickFlags(whereFlags(command('kick', help.KICK, help.KICK_EXAMPLES)))
    .argument('[TARGET]', 'the stream; none: those that flags select')
    .action(async (target: string | undefined, options: StreamOptions) => {
      done(await (await streams()).kick(target, options, io));
    });
  whereFlags(command('revoke', help.REVOKE, help.REVOKE_EXAMPLES))
    .argument('<TARGET>', 'the stream')
    .option('--reason <TEXT>', 'why')
    .action(async (target: string, options: StreamOptions) => {
      done(await (await streams()).revoke(target, options, io));
    });
  const limit = whereFlags(command('limit', help.LIMIT, help.LIMIT_EXAMPLES)).argument('<TARGET>', 'the stream');
  for (const [flags, doc] of LIMIT_FLAGS) limit.addOption(new Option(flags, doc).argParser(numberFrom));
  limit
    .option('--codecs <LIST>', 'allowed codecs by prefix: avc1,mp4a.40')
    .option('--max-gop <DURATION>', 'most time between keyframes')
    .option('--duration <DURATION>', 'most time since the start')
    .option('--warn', 'past a limit, tell it in an event instead of ending the stream')
    .option('--none', 'no limits')
    .action(async (target: string, options: LimitOptions) => {
      done(await (await streams()).limit(target, options, io));
    });
  whereFlags(command('label', help.LABEL, help.LABEL_EXAMPLES))
    .argument('<TARGET>', 'the stream')
    .argument('<LABELS...>', 'KEY=VALUE sets one, KEY- removes one')
    .action(async (target: string, words: string[], options: StreamOptions) => {
      done(await (await streams()).label(target, words, options, io));
    });
}

/** What speaks to the clients of a stream. */
function messageCommands({ command, io, done }: Registry): void {
  const streams = () => import('./control/streams.js');
  whereFlags(command('reconnect', help.RECONNECT, help.RECONNECT_EXAMPLES))
    .argument('<TARGET>', 'the stream')
    .option('--to <URL>', 'where: rtmp://HOST[:PORT]/APP')
    .option('--reason <TEXT>', 'why')
    .action(async (target: string, options: StreamOptions) => {
      done(await (await streams()).reconnect(target, options, io));
    });
  whereFlags(command('send', help.SEND, help.SEND_EXAMPLES))
    .argument('<TARGET>', 'the stream')
    .argument('<HANDLER>', 'name that players handle it by')
    .argument('[VALUES...]', 'JSON, or text')
    .action(async (target: string, handler: string, values: string[], options: StreamOptions) => {
      done(await (await streams()).send(target, handler, values, options, io));
    });
  whereFlags(command('call', help.CALL, help.CALL_EXAMPLES))
    .argument('<TARGET>', 'the stream, or with --play the id of the play')
    .argument('<METHOD>', 'name of the method')
    .argument('[VALUES...]', 'JSON, or text')
    .option('--play', 'TARGET is a play')
    .option('--timeout <DURATION>', 'longest wait for the answer (default 5s, at most 25s)')
    .addOption(nodeFlag())
    .action(async (target: string, method: string, values: string[], options: StreamOptions & CallFlags) => {
      const { play, ...rest } = options;
      done(await (await streams()).call(target, method, values, { ...rest, isPlay: play === true }, io));
    });
}

function playCommands({ command, io, done }: Registry): void {
  const plays = command('plays', help.PLAYS, help.PLAYS_EXAMPLES);
  const file = () => import('./control/plays.js');
  listFlags(whereFlags(plays.command('ls').description('list the plays')))
    .option('--stream <ID>', 'of this stream')
    .action(async (options: StreamOptions) => {
      done(await (await file()).playsLs(options, io));
    });
  kickFlags(whereFlags(plays.command('kick').description('end a play, or the plays that flags select')))
    .option('--stream <ID>', 'of this stream')
    .argument('[PLAY]', 'id of the play; none: those that flags select')
    .action(async (playId: string | undefined, options: StreamOptions) => {
      done(await (await file()).playsKick(playId, options, io));
    });
}

function nodeCommands({ command, io, done }: Registry): void {
  const file = () => import('./control/nodes.js');
  whereFlags(command('nodes', help.NODES, help.NODES_EXAMPLES))
    .option('--cluster', 'over HTTP: all nodes, through the one that is asked')
    .addOption(scopeFlag())
    .action(async (options: StreamOptions) => {
      done(await (await file()).nodes(options, io));
    });
  whereFlags(command('relays', help.RELAYS, help.RELAYS_EXAMPLES))
    .option('--cluster', 'over HTTP: those of all nodes, through the one that is asked')
    .addOption(scopeFlag())
    .action(async (options: StreamOptions) => {
      const { relays } = await import('./control/relays.js');
      done(await relays(options, io));
    });
  whereFlags(command('drain', help.DRAIN, help.DRAIN_EXAMPLES))
    .addOption(nodeFlag())
    .option('--deadline <DURATION>', 'when the rest is ended (default 5m)')
    .option('--to <URL>', 'where clients that understand it are asked to go')
    .option('--wait', 'show what is left, until the node has stopped')
    .action(async (options: StreamOptions & NodeFlags) => {
      done(await (await file()).drain(options, io));
    });
  whereFlags(command('undrain', help.UNDRAIN, help.UNDRAIN_EXAMPLES))
    .addOption(nodeFlag())
    .action(async (options: StreamOptions & NodeFlags) => {
      done(await (await file()).undrain(options, io));
    });
}

function banCommands({ command, io, done }: Registry): void {
  const ban = command('ban', help.BAN, help.BAN_EXAMPLES);
  const file = () => import('./control/bans.js');
  const kinds = 'principal, key (a fingerprint), address (also a CIDR block), name (app/name)';
  whereFlags(ban.command('add').description('refuse what it names, and end what runs of it'))
    .argument('<KIND>', kinds)
    .argument('<VALUE>', 'what')
    .option('--for <DURATION>', 'how long (default 1h)')
    .option('--reason <TEXT>', 'why')
    .action(async (kind: string, value: string, options: StreamOptions & { for?: string }) => {
      done(await (await file()).banAdd(kind, value, options, io));
    });
  whereFlags(ban.command('rm').description('lift a ban'))
    .argument('<KIND>', kinds)
    .argument('<VALUE>', 'what')
    .action(async (kind: string, value: string, options: StreamOptions) => {
      done(await (await file()).banRm(kind, value, options, io));
    });
  whereFlags(ban.command('ls').description('list the bans that hold'))
    .option('--kind <KIND>', kinds)
    .action(async (options: StreamOptions & { kind?: string }) => {
      done(await (await file()).banLs(options, io));
    });
}

function authCommands({ command, io, done }: Registry): void {
  const auth = command('auth', help.AUTH, help.AUTH_EXAMPLES);
  whereFlags(auth.command('test').description('what every responder would answer to a client, and why'))
    .addOption(nodeFlag())
    .option('--action <ACTION>', 'connect, publish or play', 'publish')
    .option('--app <APP>', 'app of the URL', 'live')
    .option('--name <NAME>', 'stream name')
    .option('--query <QUERY>', 'query of the URL, with the credentials')
    .option('--address <ADDRESS>', 'address of the client (default 127.0.0.1)')
    .option('--tc-url <URL>', 'tcUrl of the client')
    .action(async (options: StreamOptions & NodeFlags) => {
      done(await (await import('./control/auth-test.js')).authTest(options, io));
    });
}

function webhookCommands({ command, io, done }: Registry): void {
  const webhooks = command('webhooks', help.WEBHOOKS, help.WEBHOOKS_EXAMPLES);
  const file = () => import('./control/webhooks.js');
  const on = (name: string, description: string): Command =>
    whereFlags(webhooks.command(name).description(description)).addOption(nodeFlag());
  on('ls', 'list the webhooks, and how they are').action(async (options: StreamOptions & NodeFlags) => {
    done(await (await file()).webhooksLs(options, io));
  });
  on('test', 'post something that is no event, and say what came of it')
    .argument('<NAME>', 'the webhook')
    .action(async (name: string, options: StreamOptions & NodeFlags) => {
      done(await (await file()).webhooksTest(name, options, io));
    });
  on('replay', 'deliver the events since a time once more')
    .argument('<NAME>', 'the webhook')
    .option('--since <WHEN>', 'a duration back from now (10m, 2h), or a time (ISO 8601)')
    .action(async (name: string, options: StreamOptions & NodeFlags & { since?: string }) => {
      done(await (await file()).webhooksReplay(name, options, io));
    });
}

/** Registers what `sluice config` can do besides printing what a server would run with. */
export function settingsCommands(config: Command, { io, done }: Omit<Registry, 'command'>): void {
  const file = () => import('./control/settings.js');
  const node = (name: string, description: string): Command =>
    whereFlags(config.command(name).description(description)).addOption(nodeFlag());
  const reauthorise = 'ask admission about running streams and plays again';
  node('validate', 'check a file, or whether a running server would take KEY=VALUE')
    .argument('[WHAT...]', 'a YAML file, or settings as KEY=VALUE')
    .action(async (words: string[], options: NodeFlags) => {
      done(await (await file()).configValidate(words, options, io));
    });
  node('get', 'print the settings that hold on a running server')
    .argument('[KEY]', 'one setting, or a group of them')
    .action(async (key: string | undefined, options: NodeFlags) => {
      done(await (await file()).configGet(key, options, io));
    });
  node('set', 'change settings of a running server: all of them or none')
    .argument('<SETTINGS...>', 'KEY=VALUE, the value as JSON or text')
    .option('--revision <REVISION>', 'only when the settings are still those of this revision')
    .option('--reauthorise', reauthorise)
    .action(async (words: string[], options: NodeFlags) => {
      done(await (await file()).configSet(words, options, io));
    });
  node('reload', 'have a running server read its configuration file again')
    .option('--reauthorise', reauthorise)
    .action(async (options: NodeFlags) => {
      done(await (await file()).configReload(options, io));
    });
}

interface NodeFlags {
  readonly node?: string;
}

interface CallFlags extends NodeFlags {
  readonly play?: boolean;
}

const LIMIT_FLAGS: readonly (readonly [flags: string, doc: string])[] = [
  ['--kbps <N>', 'mean bit rate over 5 s'],
  ['--fps <N>', 'pictures a second'],
  ['--width <N>', 'pixels'],
  ['--height <N>', 'pixels'],
  ['--tracks <N>', 'audio and video tracks'],
  ['--max-players <N>', 'players on this node'],
  ['--sessions <N>', 'streams of its principal on this node'],
];

/** The flags that say where to ask and how to print. */
function whereFlags(command: Command): Command {
  return command
    .option('--http <HOST:PORT>', 'ask this server (SLUICE_HTTP, default 127.0.0.1:8080)')
    .option('--nats <URL>', 'ask all nodes over NATS')
    .option('--token-file <FILE>', 'file with a token of http.tokens (else SLUICE_HTTP_TOKEN)')
    .option('--config <FILE>', 'YAML file with settings (SLUICE_CONFIG)')
    .option('--json', 'the answer as JSON');
}

function selectorFlags(command: Command): Command {
  return command
    .option('--app <APP>', 'with this app')
    .option('--name <NAME>', 'with this name')
    .option('--ip <ADDRESS>', 'of clients at this address')
    .option('--principal <NAME>', 'of this principal')
    .option('--label <KEY[=VALUE]>', 'with this label');
}

function listFlags(command: Command): Command {
  return selectorFlags(command)
    .option('--cluster', 'over HTTP: those of all nodes, through the one that is asked')
    .addOption(scopeFlag())
    .addOption(new Option('--limit <N>', 'most items').argParser(numberFrom));
}

function kickFlags(command: Command): Command {
  return selectorFlags(command)
    .option('--reason <TEXT>', 'why, for the client and the event')
    .option('--ban <DURATION>', 'refuse whoever is kicked for so long')
    .option('--yes', 'also when more than one is selected');
}

function scopeFlag(): Option {
  return new Option('--scope <SCOPE>', '`cluster` is the same as --cluster').choices(['node', 'cluster']);
}

function nodeFlag(): Option {
  return new Option('--node <ID>', 'over NATS: the node that is asked');
}

function numberFrom(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('A number was expected.');
  return value;
}
