import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KeySet } from '../../../../src/admission/jwt/key-set.js';
import { silentLogger } from '../../../../src/core/log.js';
import { rawAnswer, rawHttp } from '../../../support/admission/raw-http.js';
import { keyPair } from '../../../support/admission/tokens.js';
import { ManualClock } from '../../../support/events-parts.js';
import { removeTempDir, tempDir } from '../../../support/temp.js';

const { jwk } = keyPair('ed25519');
const setOf = (...kids: string[]): string => JSON.stringify({ keys: kids.map((kid) => ({ ...jwk, kid })) });
const MINUTE = 60_000;

function keySet(place: string) {
  const clock = new ManualClock();
  const set = new KeySet(place, { clock, log: silentLogger });
  onTestFinished(() => set.close());
  const kids = async (keys: ReturnType<KeySet['current']>) => (await keys)?.map(({ kid }) => kid);
  return { clock, set, current: () => kids(set.current()), newer: () => kids(set.newer()) };
}

/** A server that gives what the test says at the time. */
async function served(text: string) {
  const says = { text, status: 200 };
  const server = await rawHttp(({ socket }) => socket.write(rawAnswer(says.status, says.text)));
  return { says, server, url: server.url };
}

describe('a key set', () => {
  it('at a URL is read once, and again when it is ten minutes old', async () => {
    const { says, server, url } = await served(setOf('a'));
    const { clock, current } = keySet(url);
    expect(await Promise.all([current(), current(), current()])).toEqual([['a'], ['a'], ['a']]);
    says.text = setOf('b');
    clock.pass(10 * MINUTE - 1);
    expect(await current()).toEqual(['a']);
    expect(server.requests).toHaveLength(1);
    clock.pass(1);
    expect(await current()).toEqual(['b']);
    expect(server.requests).toHaveLength(2);
  });

  it('is read again for a kid that it does not know, every 30 s at most', async () => {
    const { says, server, url } = await served(setOf('a'));
    const { clock, current, newer } = keySet(url);
    await current();
    says.text = setOf('a', 'b');
    clock.pass(MINUTE / 2 - 1);
    expect(await newer()).toEqual(['a']);
    clock.pass(1);
    expect(await Promise.all([newer(), newer()])).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['is away', 'close'],
    ['has an error', { status: 500, text: '' }],
    ['redirects', { status: 302, text: '' }],
    ['gives no key set', { status: 200, text: '<html>' }],
    ['gives more than 64 KiB', { status: 200, text: `${setOf('b')}${' '.repeat(65_536)}` }],
  ] as const)('keeps its keys while the server %s', async (_, says) => {
    const { server, says: answer, url } = await served(setOf('a'));
    const { clock, current, newer } = keySet(url);
    await current();
    if (says === 'close') await server.close();
    else Object.assign(answer, says);
    clock.pass(11 * MINUTE);
    expect(await current()).toEqual(['a']);
    clock.pass(MINUTE);
    expect(await newer()).toEqual(['a']);
  });

  it('that was never read has no keys, and is tried again after a second', async () => {
    const { says, server, url } = await served('');
    const { clock, current } = keySet(url);
    expect(await current()).toBeUndefined();
    says.text = setOf('a');
    clock.pass(999);
    expect(await current()).toBeUndefined();
    expect(server.requests).toHaveLength(1);
    clock.pass(1);
    expect(await current()).toEqual(['a']);
  });

  it('in a file is read the same way', async () => {
    const folder = tempDir('jwks');
    onTestFinished(() => removeTempDir(folder));
    const path = join(folder, 'jwks.json');
    const { clock, current, newer } = keySet(path);
    expect(await current()).toBeUndefined();
    writeFileSync(path, setOf('a'));
    clock.pass(1000);
    expect(await current()).toEqual(['a']);
    writeFileSync(path, ' '.repeat(65_537));
    clock.pass(MINUTE);
    expect(await newer()).toEqual(['a']);
  });

  it.each(['http://id.example/jwks', 'ftp://127.0.0.1/', 'https://'])('is not read from %s', (place) => {
    expect(() => keySet(place)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE' }));
  });
});
