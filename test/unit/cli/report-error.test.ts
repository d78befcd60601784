import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { reportError } from '../../../src/cli/report-error.js';
import { SluiceError } from '../../../src/core/errors.js';
import { TestIo } from '../../support/cli/test-io.js';

describe('reportError', () => {
  it('says what happened, what to do and the code, and gives the exit code', () => {
    const io = new TestIo();
    expect(reportError(new SluiceError('ERR_LISTEN', '127.0.0.1:1 EADDRINUSE'), io)).toBe(EXIT.unreachable);
    expect(io.stderr).toMatch(
      /^sluice: the server cannot listen.*: 127\.0\.0\.1:1 EADDRINUSE\n {2}what to do: .*\n {2}code: ERR_LISTEN\n$/,
    );
  });

  it('calls anything else a defect, with its stack and without secrets', () => {
    const io = new TestIo();
    expect(reportError(new TypeError('no rtmp://u:canary@h/a?key=canary'), io)).toBe(EXIT.failed);
    expect(io.stderr).toContain('defect');
    expect(io.stderr).toContain('at ');
    expect(io.stderr).not.toContain('canary');
    expect(reportError('text', io)).toBe(EXIT.failed);
  });
});
