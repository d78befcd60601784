import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ConfigOptions, configFrom } from '../../src/cli/config-flags.js';
import { formatEvent } from '../../src/cli/format-event.js';
import * as help from '../../src/cli/help.js';
import * as installHelp from '../../src/cli/help-install.js';
import * as keyHelp from '../../src/cli/help-keys.js';
import { buildProgram } from '../../src/cli/main.js';
import { loadConfig } from '../../src/config/load.js';
import { ROWS } from '../../src/config/table.js';
import type { SluiceEvent } from '../../src/events/event-types.js';
import { checkTemplates } from '../../src/jobs/template/parse.js';
import { TestIo } from '../support/cli/test-io.js';
import { files, read, root } from '../support/policy/sources.js';

interface Block {
  readonly document: string;
  /** Line of its fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The file that it says it comes from. */
  readonly source: string | undefined;
  readonly text: string;
}

const { withExamples } = (await import(pathToFileURL(join(root, 'scripts/docs.mjs')).href)) as {
  withExamples(document: string): string;
};

/** Results are what a bench once printed. */
const documents = files().filter((path) => path.endsWith('.md') && !path.startsWith('bench/results/'));
const blocks = documents.flatMap(blocksOf);
/** Programs of others that the documents tell people to run. */
const OTHERS = [
  'docker',
  'git',
  'helm',
  'systemctl',
  'systemd-analyze',
  'tar',
  'nats',
  'nats-server',
  'promtool',
  'ffmpeg',
  'ffplay',
  'rtmpdump',
  'jq',
  'curl',
  'sed',
  'kubectl',
  'export',
];
/** What needs no file that is run: commands, which are checked here, and what is no language at all. */
const PLAIN = ['sh', 'text'];

function blocksOf(document: string): Block[] {
  const lines = read(document).split('\n');
  const found: Block[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!/^\s*```/.test(lines[i]!)) continue;
    const end = lines.findIndex((line, n) => n > i && /^\s*```\s*$/.test(line));
    const source = /^<!-- from (\S+) -->$/.exec(lines[i - 1] ?? '')?.[1];
    const language = lines[i]!.trim().slice(3);
    found.push({ document, line: i + 1, language, source, text: lines.slice(i + 1, end).join('\n') });
    i = end === -1 ? lines.length : end;
  }
  return found;
}

const place = ({ document, line }: Block): string => `${document}:${line}`;

describe('code in the documents', () => {
  it('is found', () => {
    expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThanOrEqual(4);
    expect(blocks.filter(({ language }) => language === 'sh').length).toBeGreaterThanOrEqual(4);
  });

  it('names its language, and the file under examples/ that it is', () => {
    expect(blocks.filter(({ language }) => language === '').map(place)).toEqual([]);
    const loose = blocks.filter(({ language, source }) => !PLAIN.includes(language) && source === undefined);
    expect(loose.map(place)).toEqual([]);
    const lost = blocks.filter(({ source }) => source !== undefined && !existsSync(join(root, source)));
    expect(lost.map(place)).toEqual([]);
  });

  it.each(documents)('is what npm run docs fills in: %s', (path) => {
    expect(read(path)).toBe(withExamples(read(path)));
  });

  it('shows every example', () => {
    const shown = new Set(blocks.map(({ source }) => source));
    // Files of deployments are long: it is enough that a document names them.
    const isNamed = (path: string): boolean =>
      path.startsWith('examples/deploy/') &&
      documents.some((document) => read(document).includes(path.replace(/(\/helm\/\w+)\/.*/, '$1')));
    const hidden = files().filter((path) => path.startsWith('examples/') && !shown.has(path) && !isNamed(path));
    expect(hidden).toEqual([]);
  });
});

const yaml = blocks.flatMap(({ language, source }) => (language === 'yaml' ? [source!] : []));
const isTemplate = (path: string): boolean => path.startsWith('examples/jobs/') && !path.endsWith('-server.yaml');
/** They have a test of their own. */
const isManifest = (path: string): boolean => path.startsWith('examples/kubernetes/');
const isCompose = (path: string): boolean => path.endsWith('/compose.yaml');

describe('job templates in the documents', () => {
  it('are accepted', () => {
    const paths = yaml.filter(isTemplate);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(checkTemplates([{ name: path, text: read(path) }]).problems).toEqual([]);
  });
});

describe('settings in the documents', () => {
  it('load without an error', () => {
    const paths = yaml.filter((path) => !isTemplate(path) && !isManifest(path) && !isCompose(path));
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) expect(() => loadConfig({ file: join(root, path), env: {}, flags: {} })).not.toThrow();
  });
});

describe('containers in the documents', () => {
  it('have settings that are accepted, and differ in what nodes must differ in', () => {
    const environments = yaml.filter(isCompose).flatMap((path) => {
      const { services } = parse(read(path), { merge: true }) as {
        services: Record<string, { environment?: Record<string, unknown> }>;
      };
      return Object.values(services).flatMap(({ environment }) => (environment === undefined ? [] : [environment]));
    });
    expect(environments.length).toBe(3);
    const ids = environments.map((environment) => {
      const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
      const { config, warnings } = loadConfig({ env, flags: {} });
      expect(warnings).toEqual([]);
      expect(config.cluster.enabled).toBe(true);
      return [config.node.id, config.cluster.advertise, config.rtmp.advertise];
    });
    for (const of of [0, 1, 2]) expect(new Set(ids.map((id) => id[of])).size).toBe(3);
  });
});

/** Words of a shell command, without quotes; no more of a shell than the documents use. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
}

/** The commands of a line: without its comment, cut at pipes. */
function commandsOf(line: string): string[][] {
  const bare = line.replace(/(?:^|\s)#\s.*$/, '');
  return bare
    .split(/\s\|\s/)
    .map(wordsOf)
    .filter((words) => words.length > 0);
}

/** Commands and those below them: `config` and `config get`. */
function withInner(commands: readonly Command[]): Command[] {
  return commands.flatMap((command) => [command, ...withInner(command.commands)]);
}

/**
 * Why `sluice` would refuse these arguments; undefined when it would not. `brief`: only the beginning of a command is
 * given.
 */
async function refusal(args: readonly string[], brief: boolean): Promise<string | undefined> {
  const io = new TestIo();
  const program = buildProgram(io, () => undefined);
  for (const command of withInner(program.commands)) {
    command.action(() => {
      const { config: _file, ...options } = command.opts<ConfigOptions>();
      if (['serve', 'config'].includes(command.name())) configFrom(options, io);
    });
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    const extra = program.commands.find((command) => command.name() === 'serve')!.args[0];
    return extra === undefined ? undefined : `no command ${extra}`;
  } catch (error) {
    if (!(error instanceof CommanderError)) return String(error);
    const isUnfinished = ['commander.missingArgument', 'commander.optionMissingArgument'].includes(error.code);
    return error.exitCode === 0 || (brief && isUnfinished) ? undefined : error.message;
  }
}

const manifest = JSON.parse(read('package.json')) as Record<'scripts' | 'devDependencies', Record<string, string>>;

/** What is wrong with an `npm` command; undefined when nothing is. */
async function npmRefusal(words: readonly string[], brief: boolean): Promise<string | undefined> {
  const name = words[0] === 'run' ? words[1]! : words[0]!;
  // Packages of others, which a registry would have to be asked about.
  if (name === 'install') return undefined;
  if (!(name in manifest.scripts)) return `there is no script ${name}`;
  const flags = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
  if (name === 'start') return refusal(flags, brief);
  if (!name.startsWith('bench')) return undefined;
  const file = `bench/${name === 'bench' ? 'index' : name.slice('bench:'.length)}.ts`;
  const source = read(file);
  const known = (flag: string): boolean =>
    ['json', 'help'].includes(flag) || source.includes(`${flag}: {`) || source.includes(`'${flag}': {`);
  const unknown = flags.filter((flag) => flag.startsWith('--') && !known(flag.slice(2)));
  return unknown.length === 0 ? undefined : `${file} has no ${unknown.join(', ')}`;
}

async function commandRefusal(words: readonly string[], brief: boolean): Promise<string | undefined> {
  const environment = words.filter(
    (word, i) => /^[A-Z_]+=/.test(word) && words.slice(0, i + 1).every((w) => /=/.test(w)),
  );
  const names = environment.map((word) => word.slice(0, word.indexOf('=')));
  const unknown = names.filter((name) => name !== 'SLUICE_TRACE' && !ROWS.some(({ env }) => env === name));
  if (unknown.length > 0) return `there is no setting ${unknown.join(', ')}`;
  const [program, ...args] = words.slice(environment.length);
  if (program === 'npx') {
    return args[0] === 'sluice' || args[0]! in manifest.devDependencies
      ? commandRefusal(args, brief)
      : `npx ${args[0]} is not installed`;
  }
  if (program === 'sluice') return refusal(args, brief);
  if (program === 'npm') return npmRefusal(args, brief);
  return OTHERS.includes(program!) || program! in manifest.devDependencies ? undefined : `what is ${program}?`;
}

async function refused(
  commands: readonly { words: readonly string[]; at: string; brief?: boolean }[],
): Promise<string[]> {
  const wrong: string[] = [];
  for (const { words, at, brief = false } of commands) {
    const why = await commandRefusal(words, brief);
    if (why !== undefined) wrong.push(`${at}: ${words.join(' ')}: ${why}`);
  }
  return wrong;
}

describe('commands in the documents', () => {
  it('are read as a shell reads them', async () => {
    expect(commandsOf(`nats sub 'a b' --x   # says`)).toEqual([['nats', 'sub', 'a b', '--x']]);
    expect(commandsOf('sluice play rtmp://h/a/b -o - | ffplay -')).toEqual([
      ['sluice', 'play', 'rtmp://h/a/b', '-o', '-'],
      ['ffplay', '-'],
    ]);
    for (const wrong of ['sluice playy', 'sluice --set x=1', 'sluice play', 'sluice events --nat x', 'npm run nothing'])
      expect([wrong, (await commandRefusal(wordsOf(wrong), false)) !== undefined]).toEqual([wrong, true]);
  });

  it('exist and take the flags that they are given, in blocks', async () => {
    const commands = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap((block) =>
        block.text
          .replaceAll(/\\\n\s*/g, ' ')
          .split('\n')
          .flatMap((line) => commandsOf(line).map((words) => ({ words, at: place(block) }))),
      );
    expect(commands.length).toBeGreaterThan(15);
    expect(await refused(commands)).toEqual([]);
  });

  it('exist and take the flags that they are given, in sentences', async () => {
    const commands = documents
      .filter((path) => path !== 'CHANGELOG.md')
      .flatMap((path) =>
        [...read(path).matchAll(/`((?:sluice|npx|npm) [^`\n]*)`/g)].map((match) => ({ at: path, text: match[1]! })),
      )
      // Words in capitals stand for something.
      .filter(({ text }) => !/(?:^|[\s:])[A-Z]{4,}(?:\s|$)/.test(text))
      .map(({ at, text }) => ({ words: wordsOf(text.replace(/ --$/, '')), at, brief: true }));
    expect(commands.length).toBeGreaterThan(10);
    expect(await refused(commands)).toEqual([]);
  });

  it('exist and take the flags that they are given, in the help of the command line', async () => {
    const texts = Object.entries({ ...help, ...installHelp, ...keyHelp }).flatMap(([name, text]) =>
      name.endsWith('_EXAMPLES') && typeof text === 'string' ? [{ name, text }] : [],
    );
    const commands = texts.flatMap(({ name, text }) =>
      [...text.matchAll(/^ {2}((?:\w+=\S+ )?sluice\b.*?)(?: {2,}.*)?$/gm)].flatMap((match) =>
        commandsOf(match[1]!).map((words) => ({ words, at: name })),
      ),
    );
    expect(commands.length).toBeGreaterThan(12);
    expect(await refused(commands)).toEqual([]);
  });
});

describe('events in README.md', () => {
  it('are shown as the command line prints them', () => {
    const at = (minute: number, second: number, ms: number): string =>
      new Date(2026, 0, 1, 12, minute, second, ms).toISOString();
    const peer = (port: number) => ({ address: '127.0.0.1', port });
    const tracks = [
      { id: 0, kind: 'video', codec: 'avc1.42c01f', width: 1280, height: 720, declaredFps: 30 },
      { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48_000, channels: 1 },
    ];
    const told: [string, string, object][] = [
      [
        'stream.started',
        at(0, 3, 412),
        { peer: peer(50412), transport: 'rtmp', encoder: 'FMLE/3.0 (compatible; Sluice)' },
      ],
      ['stream.ready', at(0, 3, 480), { tracks, timeToReadyMs: 51 }],
      ['stream.active', at(0, 9, 109), { players: 1 }],
      ['play.started', at(0, 9, 118), { peer: peer(50420), client: 'LNX 9,0,124,2' }],
      ['stream.ended', at(1, 3, 429), { reason: 'client_unpublish', durationMs: 60_017, bytes: 578_400, drops: 0 }],
    ];
    const lines = told.map(([type, time, data]) =>
      formatEvent({ type: `io.sluice.${type}`, time, subject: 'live/cam1', data } as unknown as SluiceEvent, false),
    );
    const shown = blocks.find(({ document, text }) => document === 'README.md' && text.includes('stream.started'));
    expect(shown?.text.split('\n')).toEqual(lines);
  });
});
