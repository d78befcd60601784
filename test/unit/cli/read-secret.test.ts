import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readSecret, type SecretInput } from '../../../src/cli/read-secret.js';

async function read(chunks: (string | Buffer)[], isTTY = false) {
  const raw: boolean[] = [];
  const stream = new PassThrough() as SecretInput & PassThrough;
  Object.assign(stream, { isTTY, setRawMode: (isRaw: boolean) => raw.push(isRaw) });
  for (const chunk of chunks) stream.write(chunk);
  if (!isTTY) stream.end();
  let shown = '';
  const result = readSecret(stream, 'Password: ', (text) => {
    shown += text;
  });
  return { secret: await result.catch((error: Error) => error), shown, raw };
}

describe('a secret from standard input', () => {
  it.each([[['geheim']], [['geheim\n']], [['geheim\r\n']], [['ge', 'heim', '\n']]])(
    'is everything up to the end, without the last line break: %j',
    async (chunks) => {
      expect(await read(chunks)).toEqual({ secret: 'geheim', shown: '', raw: [] });
    },
  );

  it('may have characters that are cut between two reads', async () => {
    const bytes = Buffer.from('grün');
    expect((await read([bytes.subarray(0, 3), bytes.subarray(3)])).secret).toBe('grün');
  });

  it.each([
    ['nothing', [''], 'nothing came'],
    ['an empty line', ['\n'], 'nothing came'],
    ['two lines', ['a\nb\n'], 'several lines'],
    ['more than 4096 bytes', ['x'.repeat(4097)], 'more than 4096 bytes'],
  ])('is refused when it is %s', async (_, chunks, words) => {
    const { secret } = await read(chunks);
    expect(secret).toMatchObject({ code: 'ERR_CLI_USAGE', message: expect.stringContaining(words) });
  });
});

describe('a secret from a terminal', () => {
  it('is a line that is asked for and not shown', async () => {
    expect(await read(['geh', 'eim\rmore'], true)).toEqual({
      secret: 'geheim',
      shown: 'Password: \n',
      raw: [true, false],
    });
  });

  it('can be corrected', async () => {
    expect((await read(['gx\u007feheimü\u0008\n'], true)).secret).toBe('geheim');
  });

  it('is not taken after Ctrl-C, and the terminal is as before', async () => {
    const { secret, raw } = await read(['gehe\u0003'], true);
    expect(secret).toMatchObject({ code: 'ERR_CLI_USAGE', message: expect.stringContaining('Ctrl-C') });
    expect(raw).toEqual([true, false]);
  });
});
