import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { newId } from '../../../src/core/ids.js';
import { createServer } from '../../../src/server/server.js';
import { startError } from '../../../src/server/start-error.js';
import { tempDir } from '../../support/temp.js';

describe('what keeps a server from starting', () => {
  it.each(['EMFILE', 'ENFILE'])('is the limit of open files when the system says %s, whatever was opened', (code) => {
    const cause = Object.assign(new Error(`${code}: too many open files, open 'x'`), { code, syscall: 'open' });
    const raised = { code: 'ERR_DESCRIPTORS', message: expect.stringMatching(/too many open files.*ulimit -n/) };
    expect(startError(cause)).toMatchObject(raised);
    expect(startError(new SluiceError('ERR_DATA_FOLDER', 'x', { cause }))).toMatchObject(raised);
  });

  it('stays what it is otherwise', () => {
    const error = new SluiceError('ERR_LISTEN', 'x', { cause: new Error('y') });
    expect(startError(error)).toBe(error);
    expect(startError('text')).toBe('text');
  });

  it('is the clock when that is before 1970, and the server that runs already goes on', async () => {
    const clock = { wallMs: () => -1, monotonicMs: () => performance.now() };
    const config = { data: tempDir('data'), rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' } };
    await expect(createServer(config, { clock })).rejects.toMatchObject({
      code: 'ERR_CLOCK',
      message: expect.stringContaining('1969-12-31T23:59:59.999Z'),
    });
    expect(newId(-1)).toMatch(/^0{9}1/);
  });
});
