import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { builtCli } from '../support/repository.js';
import { tempDir } from '../support/temp.js';

/** Runs the built command line where a process may have `most` descriptors. */
function withDescriptors(most: number, ...args: string[]): Child {
  return new Child(['bash', '-c', `ulimit -n ${most} && exec "$0" "$@"`, process.execPath, builtCli(), ...args]);
}

describe('a process that may open too few files to start', () => {
  it.each([28, 32, 40, 64])(
    'says so in words, with a code and what to do, and no stack, at a limit of %i',
    async (most) => {
      const child = withDescriptors(
        most,
        ...['serve', '--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--data', tempDir('data')],
      );
      expect(await child.finish(20_000)).toEqual({ code: 1, signal: null });
      expect(child.stderr).toMatch(/^sluice: the process may not open more files and sockets: EMFILE/);
      expect(child.stderr).toMatch(
        /what to do: raise the limit of open files \(ulimit -n.*\n {2}code: ERR_DESCRIPTORS\n$/,
      );
      expect(child.stderr).not.toMatch(/^\s+at /m);
      expect(child.stderr).not.toContain('defect');
    },
  );
});
