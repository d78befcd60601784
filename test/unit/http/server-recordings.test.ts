import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { start } from '../../support/http/http-harness.js';

const BYTES = Buffer.from('0123456789');

async function withFile() {
  const opened = { paths: [] as string[], open: 0 };
  const closed = () => {
    opened.open--;
  };
  const { base } = await start({
    deps: {
      recordings: {
        open: async (path) => {
          opened.paths.push(path);
          if (path === 'broken') throw new Error('a defect');
          if (path === 'busy') throw new SluiceError('ERR_RECORDING_READERS');
          if (path !== 'live/cam1/x.flv') throw new SluiceError('ERR_MEDIA_MISSING');
          opened.open++;
          return {
            ...{ bytes: BYTES.length, etag: '"e1"' },
            read: (from: number, to: number) => Readable.from([BYTES.subarray(from, to + 1)]).on('close', closed),
            close: async () => closed(),
          };
        },
      },
    },
  });
  const get = (headers: Record<string, string> = {}, method = 'GET', path = 'live/cam1/x.flv') =>
    fetch(`${base}/v1/recordings/${path}`, { headers, method });
  return { get, opened };
}

describe('a recording over HTTP', () => {
  it('is sent whole, and in parts, as it is asked for', async () => {
    const { get, opened } = await withFile();
    const whole = await get();
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    expect(whole.headers.get('content-type')).toBe('video/x-flv');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    const part = await get({ range: 'bytes=2-4' });
    expect([part.status, await part.text()]).toEqual([206, '234']);
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(part.headers.get('content-length')).toBe('3');
    const other = await get({ range: 'bytes=2-4', 'if-range': '"e0"' });
    expect([other.status, await other.text()]).toEqual([200, '0123456789']);
    const same = await get({ range: 'bytes=-1', 'if-range': '"e1"' });
    expect([same.status, await same.text()]).toEqual([206, '9']);
    expect(opened.open).toBe(0);
  });

  it('is closed at once when nothing of it is sent: no such bytes, known already, HEAD', async () => {
    const { get, opened } = await withFile();
    const none = await get({ range: 'bytes=10-' });
    expect([none.status, none.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    expect(await none.json()).toMatchObject({ code: 'ERR_HTTP_BAD_REQUEST', status: 416 });
    expect((await get({ 'if-none-match': '"e1"' })).status).toBe(304);
    const head = await get({ range: 'bytes=0-3' }, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([206, '4']);
    expect(opened.open).toBe(0);
  });

  it('waits while too many are read', async () => {
    const { get } = await withFile();
    const busy = await get({}, 'GET', 'busy');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await busy.json()).toMatchObject({ code: 'ERR_RECORDING_READERS' });
  });

  it('is one that there is, and a defect tells nothing', async () => {
    const { get, opened } = await withFile();
    const missing = await get({}, 'GET', 'live/..%2f..%2fetc/passwd');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'ERR_MEDIA_MISSING' });
    expect(opened.paths).toEqual(['live/../../etc/passwd']);
    expect((await get({}, 'GET', 'broken')).status).toBe(500);
  });
});
