import { describe, expect, it } from 'vitest';
import { ARGUMENT_WORDS, placesOf } from '../../../../src/cli/completion/places.js';
import { buildProgram } from '../../../../src/cli/main.js';
import { ROWS } from '../../../../src/config/table.js';
import { TestIo } from '../../../support/cli/test-io.js';

const program = buildProgram(new TestIo(), () => undefined);
const places = placesOf(program);
const at = (path: string) => places.find((place) => place.path === path)!;
const flag = (path: string, name: string) => at(path).flags.find(({ names }) => names.includes(name));

describe('placesOf', () => {
  it('has every command, and those below them, with what they are for', () => {
    const names = program.commands.map((command) => command.name());
    expect(at('').commands.map(({ name }) => name)).toEqual(names);
    expect(at('/config').commands.map(({ name }) => name)).toEqual(['validate', 'get', 'set', 'reload']);
    expect(places.map(({ path }) => path)).toContain('/jobs/run');
    expect(at('').commands.filter(({ says }) => says === '' || /['"`$\\]/.test(says))).toEqual([]);
  });

  it('has the flags of the default command at the top, each once', () => {
    expect(flag('', '--rtmp')).toEqual(flag('/serve', '--rtmp'));
    const names = at('').flags.flatMap((each) => each.names);
    expect(names.length).toBe(new Set(names).size);
  });

  it('knows what the values of flags may be', () => {
    expect(flag('/serve', '--log-level')?.value).toEqual(['debug', 'info', 'warn', 'error', 'silent']);
    expect(flag('/ls', '--scope')?.value).toEqual(['node', 'cluster']);
    expect(flag('/serve', '--config')?.value).toBe('files');
    expect(flag('/serve', '--data')?.value).toBe('files');
    expect(flag('/serve', '--rtmp')?.value).toBe('anything');
    expect(flag('/config', '--json')?.value).toBeUndefined();
  });

  it('offers every setting to --set but secrets, which are refused there', () => {
    const offered = flag('/serve', '--set')?.value as readonly string[];
    expect(offered).toContain('play.maxLagMs=');
    const secrets = ROWS.filter(({ setting }) => setting.secret === true).map(({ key }) => `${key}=`);
    expect(offered.filter((word) => secrets.includes(word))).toEqual([]);
  });

  it('knows what arguments may be, of commands that are there', () => {
    expect(at('/load').arguments).toEqual([['play', 'publish'], 'anything']);
    expect(at('/inspect').arguments).toEqual(['files']);
    for (const [path, words] of Object.entries(ARGUMENT_WORDS))
      expect(at(path).arguments.slice(0, words.length)).toEqual(words);
  });
});
