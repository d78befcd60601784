import { describe, expect, it } from 'vitest';
import { LogLines, MAX_LINE_BYTES } from '../../../../src/jobs/run/log-lines.js';
import { SecretMask } from '../../../../src/jobs/run/secret-mask.js';

const SECRET = 'a-secret-ticket';

function linesOf(chunks: readonly (string | Buffer)[], secrets: readonly string[] = [SECRET]): string[] {
  const written: Buffer[] = [];
  const reader = new LogLines(new SecretMask(secrets), (lines) => written.push(lines));
  for (const chunk of chunks) reader.push(Buffer.from(chunk as string));
  reader.end();
  return Buffer.concat(written)
    .toString('utf8')
    .split(/(?<=\n)/);
}

describe('LogLines', () => {
  it('makes the same masked lines of a text at every split', () => {
    const text = Buffer.from(`one\n\ntwo ${SECRET} ä\r\n\r\nframe=1\rframe=2\r\r\nlast without an end`);
    const lines = ['one\n', '\n', 'two *** ä\n', '\n', 'frame=1\n', 'frame=2\n', 'last without an end\n'];
    for (let split = 0; split <= text.length; split++) {
      expect([split, linesOf([text.subarray(0, split), text.subarray(split)])]).toEqual([split, lines]);
    }
    expect(linesOf([...text].map((byte) => Buffer.from([byte])))).toEqual(lines);
  });

  it('cuts a line of any length to 4 KiB and reads the next', () => {
    const [long, next, ...more] = linesOf([...Array(64).fill('x'.repeat(65_536)), '\nnext\n']);
    expect(long).toBe(`${'x'.repeat(MAX_LINE_BYTES - 7)} [cut]\n`);
    expect([next, more]).toEqual(['next\n', []]);
  });

  it('cuts long lines among others that come in the same chunk', () => {
    const long = 'x'.repeat(5000);
    const cut = `${'x'.repeat(MAX_LINE_BYTES - 7)} [cut]\n`;
    expect(linesOf([`a\n${long}\n${long}\nb\n\nc\n${long}\nd`])).toEqual([
      'a\n',
      cut,
      cut,
      'b\n',
      '\n',
      'c\n',
      cut,
      'd\n',
    ]);
  });

  it('keeps a line that just fits, and cuts the one that is a byte longer', () => {
    expect(linesOf([`${'x'.repeat(MAX_LINE_BYTES - 1)}\n`])).toEqual([`${'x'.repeat(MAX_LINE_BYTES - 1)}\n`]);
    expect(linesOf([`${'x'.repeat(MAX_LINE_BYTES)}\n`])[0]).toMatch(/^x+ \[cut\]\n$/);
  });

  it('cuts no character in two', () => {
    for (const before of ['', 'x', 'xx', 'xxx']) {
      const [line] = linesOf([`${before}${'€'.repeat(2000)}\n`]);
      expect(line).toMatch(/^x*€+ \[cut\]\n$/);
    }
  });

  it('shows no part of a secret, wherever the line is cut', () => {
    for (let before = MAX_LINE_BYTES - 40; before < MAX_LINE_BYTES + 40; before++) {
      for (const more of ['', SECRET.repeat(20), 'y'.repeat(100)]) {
        const [line] = linesOf([`${'.'.repeat(before)}${SECRET}${more}\n`]);
        expect([before, line!.replace(/ \[cut\]\n$/, '')]).toEqual([before, expect.not.stringMatching(/[a-x-]/)]);
      }
    }
  });

  it('shows no part of a secret when masking others made the line shorter', () => {
    for (let extra = 0; extra < SECRET.length; extra++) {
      const text = `${'.'.repeat(extra)}${SECRET.repeat(400)}\n`;
      const [line] = linesOf([text]);
      expect([extra, line!.replace(' [cut]', '').trim()]).toEqual([extra, expect.stringMatching(/^[.*]*$/)]);
    }
  });
});
