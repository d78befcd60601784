import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.js';

describe('exitCodeOf', () => {
  it('maps codes to exit codes by what a script would do about them', () => {
    expect(
      (
        [
          'ERR_CONFIG_UNKNOWN_KEY',
          'ERR_CLIENT_URL',
          'ERR_CLIENT_CONNECT',
          'ERR_CLIENT_REJECTED',
          'ERR_CLIENT_ABORTED',
          'ERR_INTERNAL',
        ] as const
      ).map(exitCodeOf),
    ).toEqual([2, 2, 3, 4, 0, 1]);
  });
});
