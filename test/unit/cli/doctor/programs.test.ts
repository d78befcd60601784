import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkCertificates, checkProgram } from '../../../../src/cli/doctor/programs.js';
import { resolveConfig } from '../../../../src/config/load.js';

describe('checkProgram', () => {
  it('tells that a program is missing, and what it is for', async () => {
    expect(await checkProgram('ffmpeg', { PATH: '/nowhere' })).toMatchObject({
      check: 'ffmpeg',
      state: 'warn',
      todo: expect.stringContaining('runners of jobs'),
    });
  });
});

describe('checkCertificates', () => {
  it('has nothing to say without one, and fails for a file that is none', async () => {
    expect(await checkCertificates(resolveConfig())).toEqual([]);
    const rtmps = { cert: import.meta.filename, key: import.meta.filename };
    expect(readFileSync(rtmps.cert, 'utf8')).toContain('checkCertificates');
    expect(await checkCertificates(resolveConfig({ rtmps }))).toMatchObject([{ check: 'rtmps.cert', state: 'fail' }]);
  });
});
