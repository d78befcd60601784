import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/table.js';
import { createLogger } from '../../../src/core/log.js';
import { Rtmps } from '../../../src/server/rtmps.js';
import { tempDir } from '../../support/temp.js';
import { type CertificateFiles, makeCertificate } from '../../support/transport/certificates.js';
import { waitFor } from '../../support/wait.js';

const made = [makeCertificate(['one.example']), makeCertificate(['two.example'])];
const NONE: Config['rtmps'] = {
  ...{ listen: 'off', advertise: '', cert: '', key: '', certificates: [], minVersion: 'TLSv1.2' },
};

let files: CertificateFiles;
let lines: { readonly msg: string; readonly code?: string; readonly names?: string }[];
let wallMs: number;

beforeEach(() => {
  const dir = tempDir('rtmps');
  files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  put('cert', 0);
  put('key', 0);
  lines = [];
  wallMs = Date.now();
});

function put(part: 'cert' | 'key', from: number): void {
  copyFileSync(made[from][part], files[part]);
}

function newRtmps(config: Partial<Config['rtmps']>): Rtmps {
  const log = createLogger({ format: 'json', sink: { write: (line) => void lines.push(JSON.parse(line)) } });
  return new Rtmps({ ...NONE, ...config }, log, { wallMs: () => wallMs, monotonicMs: () => wallMs });
}

async function opened(config: Partial<Config['rtmps']> = files): Promise<Rtmps> {
  const rtmps = newRtmps(config);
  await rtmps.open();
  return rtmps;
}

function names(rtmps: Rtmps): readonly (readonly string[])[] {
  return rtmps.certificates?.facts(wallMs).map((facts) => facts.names) ?? [];
}

/** Opens a pipe that somebody reads; undefined while nobody does. */
function openToWrite(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

const withConfig = (rtmps: Config['rtmps']): Config => ({ rtmps }) as Config;

describe('the certificates of RTMPS', () => {
  it('are none without settings, and nothing is logged', async () => {
    const rtmps = await opened({});
    await rtmps.readAgain('SIGHUP');
    expect([rtmps.certificates, lines]).toEqual([undefined, []]);
  });

  it('are that of rtmps.cert first, then those of the list', async () => {
    expect(names(await opened({ ...files, certificates: [made[1]] }))).toEqual([['one.example'], ['two.example']]);
    expect(names(await opened({ certificates: [made[1]] }))).toEqual([['two.example']]);
  });

  it.each<[string, Partial<Config['rtmps']>, string]>([
    ['a port without any', { listen: '127.0.0.1:0' }, 'rtmps.listen is set'],
    ['a certificate without its key', { cert: made[0].cert }, 'rtmps.key is not'],
    ['a key without its certificate', { key: made[0].key }, 'rtmps.cert is not'],
    ['a file that is not there', { cert: '/nowhere/cert.pem', key: made[0].key }, '/nowhere/cert.pem: ENOENT'],
    ['a key of another', { cert: made[0].cert, key: made[1].key }, 'another certificate'],
  ])('are refused at the start: %s', async (_, config, says) => {
    const error = await opened(config).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
    expect(String(error)).toContain(says);
  });

  it('are refused when a file is larger than any certificate', async () => {
    writeFileSync(files.key, Buffer.alloc(1_048_577, 'a'));
    await expect(opened()).rejects.toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
  });

  it('are read again when somebody asks, and stay as they are while the files are broken', async () => {
    const rtmps = await opened();
    put('cert', 1);
    await rtmps.readAgain('SIGHUP');
    expect(names(rtmps)).toEqual([['one.example']]);
    expect(lines.at(-1)).toMatchObject({
      ...{ actor: 'SIGHUP', code: 'ERR_TLS_CERTIFICATE', msg: expect.stringContaining('stay as they are') },
    });
    put('key', 1);
    await rtmps.readAgain('SIGHUP');
    expect(names(rtmps)).toEqual([['two.example']]);
    expect(lines.at(-1)).toMatchObject({ msg: 'a certificate for RTMPS', names: 'two.example' });
  });

  it('are those that were read last, whichever reading takes longer', async () => {
    const rtmps = await opened();
    rmSync(files.key);
    execFileSync('mkfifo', [files.key]);
    const slow = rtmps.readAgain('slow');
    // It can be opened for writing once the slow reading has the old certificate and waits for its key.
    const pipe = await waitFor(() => openToWrite(files.key), { what: 'the reading of the key' });
    renameSync(files.key, `${files.key}.pipe`);
    put('cert', 1);
    put('key', 1);
    await rtmps.readAgain('quick');
    writeSync(pipe, readFileSync(made[0].key));
    closeSync(pipe);
    await slow;
    expect(names(rtmps)).toEqual([['two.example']]);
  });

  it('are read again when a file was seen to have changed in two looks', async () => {
    const rtmps = await opened();
    await rtmps.look(0);
    put('cert', 1);
    put('key', 1);
    await rtmps.look(1000);
    expect(names(rtmps)).toEqual([['one.example']]);
    await rtmps.look(2000);
    expect(names(rtmps)).toEqual([['two.example']]);
  });

  it('change with the settings, which are refused when the files of the new ones cannot be used', async () => {
    const rtmps = await opened();
    const wrong = withConfig({ ...NONE, cert: made[0].cert, key: made[1].key });
    await expect(rtmps.check(wrong, ['rtmps.key'])).rejects.toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
    expect(names(rtmps)).toEqual([['one.example']]);
    const other = withConfig({ ...NONE, ...made[1] });
    await rtmps.check(other, ['rtmps.cert', 'rtmps.key']);
    await rtmps.apply(other, ['rtmps.cert', 'rtmps.key']);
    expect(names(rtmps)).toEqual([['two.example']]);
    await rtmps.check(wrong, ['log.level']);
    await rtmps.apply(wrong, ['log.level']);
    expect(names(rtmps)).toEqual([['two.example']]);
    await rtmps.check(withConfig(NONE), ['rtmps.cert']);
    await rtmps.apply(withConfig(NONE), ['rtmps.cert']);
    expect(rtmps.certificates).toBeUndefined();
  });

  it('that do not hold at present are used, with a warning', async () => {
    wallMs += 3 * 86_400_000;
    const rtmps = await opened();
    expect(names(rtmps)).toEqual([['one.example']]);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: expect.stringContaining('does not hold now') });
  });
});
