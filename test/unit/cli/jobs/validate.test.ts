import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobsValidate } from '../../../../src/cli/jobs/validate.js';
import { main } from '../../../../src/cli/main.js';
import { SluiceError } from '../../../../src/core/errors.js';
import { TestIo } from '../../../support/cli/test-io.js';

const ONE = 'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] } }\n';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-jobs-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function validate(...paths: readonly string[]) {
  const io = new TestIo();
  const code = jobsValidate({ file: paths }, io);
  return { code, out: io.stdout.replaceAll(`${folder}/`, ''), err: io.stderr };
}

describe('sluice jobs validate', () => {
  it('counts the templates of all files', () => {
    expect(validate(file('a.yaml', ONE))).toEqual({ code: 0, out: 'ok: 1 template\n', err: '' });
    const two = file('b.json', JSON.stringify({ version: 1, templates: [{ name: 'b', run: { exec: ['x'] } }] }));
    expect(validate(join(folder, 'a.yaml'), two)).toEqual({ code: 0, out: 'ok: 2 templates\n', err: '' });
  });

  it('prints every problem on a line of its own, with its place and code', () => {
    const { code, out } = validate(file('a.yaml', `${ONE}  - { name: A }\n`), file('b.yaml', ONE));
    expect(code).toBe(2);
    expect(out.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'a.yaml:4:5: ERR_JOB_TEMPLATE_KEY:',
      'a.yaml:4:13: ERR_JOB_TEMPLATE_VALUE:',
      'b.yaml:3:13: ERR_JOB_TEMPLATE_DUPLICATE:',
      '',
    ]);
  });

  it('says how many problems are not printed', () => {
    expect(validate(file('a.yaml', `${ONE}${'  - {}\n'.repeat(75)}`)).out).toMatch(/\nand 50 more\n$/);
  });

  it.each([
    ['is not there', undefined, 'ENOENT'],
    ['is no UTF-8', Uint8Array.from([0x61, 0xff]), 'is no UTF-8'],
    ['is too large', 'a'.repeat(1_048_577), 'more than 1048576 bytes'],
  ])('refuses a file that %s', (_, content, detail) => {
    const path = content === undefined ? join(folder, 'none.yaml') : file('a.yaml', content);
    let thrown: unknown;
    try {
      validate(path);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SluiceError);
    expect(thrown).toMatchObject({ code: 'ERR_JOB_TEMPLATES_UNREADABLE', detail: expect.stringContaining(detail) });
  });

  it('is a command whose flag may be repeated, and has to be there', async () => {
    const io = new TestIo();
    const code = await main(['jobs', 'validate', '-f', file('a.yaml', ONE), '--file', file('b.yaml', ONE)], io);
    expect([code, io.stdout]).toEqual([2, expect.stringContaining('ERR_JOB_TEMPLATE_DUPLICATE')]);
    expect(await main(['jobs', 'validate'], new TestIo())).toBe(2);
  });
});
