import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenHeaders } from '../../../src/cli/http-token.js';
import { resolveConfig } from '../../../src/config/load.js';
import { tempDir } from '../../support/temp.js';

const config = (token: string) => resolveConfig({ http: { token } });

describe('the token of a command', () => {
  it('comes from its file, else from the settings, else there is none', () => {
    const file = join(tempDir('token'), 'token');
    writeFileSync(file, 'from-file\n');
    expect(tokenHeaders(file, config('from-settings'))).toEqual({ authorization: 'Bearer from-file' });
    expect(tokenHeaders(undefined, config('from-settings'))).toEqual({ authorization: 'Bearer from-settings' });
    expect(tokenHeaders(undefined, config(''))).toEqual({});
  });

  it('is refused when its file is not there, or holds something else', () => {
    const file = join(tempDir('token'), 'token');
    expect(() => tokenHeaders(file, config(''))).toThrow(/ENOENT/);
    for (const text of ['', 'two words', 'two\nlines', 'ä']) {
      writeFileSync(file, text);
      expect(() => tokenHeaders(file, config(''))).toThrow(/one token in one line/);
    }
  });
});
