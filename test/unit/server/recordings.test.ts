import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { recordingFiles } from '../../../src/server/recordings.js';
import { tempDir } from '../../support/temp.js';

function setUp() {
  const file = join(tempDir('recordings'), 'a.flv');
  writeFileSync(file, 'FLV and more');
  return recordingFiles({
    open: (path) => (path === 'a' ? open(file) : Promise.reject(new SluiceError('ERR_MEDIA_MISSING'))),
  });
}

describe('recordings that are read over HTTP', () => {
  it('are 64 at a time; each that was read, given up or closed makes room, and so does one that is not there', async () => {
    const files = setUp();
    for (let at = 0; at < 100; at += 1)
      await expect(files.open('b')).rejects.toMatchObject({ code: 'ERR_MEDIA_MISSING' });
    const held = await Promise.all(Array.from({ length: 64 }, () => files.open('a')));
    await expect(files.open('a')).rejects.toMatchObject({ code: 'ERR_RECORDING_READERS' });
    const [read, givenUp, closed, ...others] = held;
    expect(Buffer.concat(await read!.read(0, 2).toArray()).toString()).toBe('FLV');
    const stream = givenUp!.read(0, 2);
    await new Promise((resolve) => stream.once('close', resolve).destroy());
    await closed!.close();
    const again = await Promise.all([1, 2, 3].map(() => files.open('a')));
    await expect(files.open('a')).rejects.toMatchObject({ code: 'ERR_RECORDING_READERS' });
    await Promise.all([...others, ...again].map((file) => file.close()));
  });
});
