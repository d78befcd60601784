import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configOf, EXTERNAL_BINARIES, externalPeer } from '../../../../bench/peers/external-binary.js';
import { findContestants, PEER_NAMES } from '../../../../bench/peers/index.js';

const VARIABLES = [...new Set(EXTERNAL_BINARIES.map((server) => server.variable))];
const NAMES = EXTERNAL_BINARIES.map((server) => server.name);

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-external-'));
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
  for (const variable of VARIABLES) vi.stubEnv(variable, '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A file in the test's folder that its user may run. */
function program(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!${process.execPath}\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

function server(name: string) {
  return EXTERNAL_BINARIES.find((one) => one.name === name)!;
}

/** The configuration as it is written for a start. */
function config(name: string): string {
  return configOf(server(name), { port: 19350, httpPort: 8000, directory: '/somewhere' });
}

describe('a peer whose program the user brings', () => {
  it('is offered by name', () => {
    expect(PEER_NAMES).toEqual(expect.arrayContaining(['srs', 'srs-low-latency', 'mediamtx', 'lal', 'xiu']));
  });

  it.each(NAMES)('is left out, with the variable to set, when nothing names its program: %s', async (name) => {
    vi.stubEnv('PATH', folder);
    const { peers, leftOut } = await findContestants([name]);
    expect(peers.map((peer) => peer.name)).toEqual(['sluice']);
    expect(leftOut).toEqual([expect.stringContaining(`${name} is left out: ${server(name).variable} is not set`)]);
  });

  it.each(NAMES)('takes part when its program is on the PATH: %s', (name) => {
    program(server(name).program, '');
    expect(externalPeer(server(name)).leftOut?.()).toBeUndefined();
  });

  it.each(NAMES)('is an error when its variable names what is not there: %s', async (name) => {
    const { variable, expected } = server(name);
    vi.stubEnv(variable, join(folder, 'nothing'));
    await expect(findContestants([name])).rejects.toThrow(
      `${variable} names ${join(folder, 'nothing')}, which is not there. Expected: ${expected}; ` +
        `name such a file, or unset ${variable} to leave ${name} out`,
    );
  });

  it('is an error when its variable names a folder or a file that may not be run', async () => {
    const directory = join(folder, 'directory');
    mkdirSync(directory);
    vi.stubEnv('LAL_BIN', directory);
    await expect(findContestants(['lal'])).rejects.toThrow(`LAL_BIN names ${directory}, which is not a file.`);
    const file = join(folder, 'notes');
    writeFileSync(file, '');
    vi.stubEnv('LAL_BIN', file);
    await expect(findContestants(['lal'])).rejects.toThrow(`LAL_BIN names ${file}, which this user may not run.`);
  });

  it('is an error, with what it printed, when its program ends instead of listening', async () => {
    const file = program('other', 'console.error("no such option"); process.exit(3);');
    vi.stubEnv('XIU_BIN', file);
    await expect(findContestants(['xiu'])).rejects.toThrow(
      `xiu does not start: ${file} did not listen with bench/peers/xiu.toml. Expected: ${server('xiu').expected}; ` +
        'name such a file in XIU_BIN, or do without "--peer xiu". it ended before it listened: no such option',
    );
  });

  it('takes part when its program listens on the port of the configuration that it is given', async () => {
    const listen = "require('net').createServer().listen(Number(/127.0.0.1:(\\d+)/.exec(text)[1]), '127.0.0.1');";
    vi.stubEnv('LAL_BIN', program('any', `const text = require('fs').readFileSync(process.argv[3], 'utf8');${listen}`));
    const { peers, leftOut } = await findContestants(['lal', 'lal']);
    expect(peers.map((peer) => peer.name)).toEqual(['sluice', 'lal']);
    expect(leftOut).toEqual([]);
  });
});

describe('the configuration of a peer whose program the user brings', () => {
  it.each(NAMES)('has every place filled in: %s', (name) => {
    expect(config(name)).not.toMatch(/@\w+@/);
    expect(config(name)).toContain('19350');
  });

  it('has SRS on loopback, with the settings for low latency only where they are asked for', () => {
    expect(config('srs')).toContain('listen 127.0.0.1:19350;');
    expect(config('srs')).not.toContain('min_latency');
    expect(config('srs-low-latency')).toContain('    min_latency on;\n');
  });

  it('has MediaMTX on loopback and its other protocols off', () => {
    expect(config('mediamtx')).toContain('rtmpAddress: 127.0.0.1:19350\n');
    for (const protocol of ['rtsp', 'hls', 'webrtc', 'srt']) expect(config('mediamtx')).toContain(`${protocol}: false`);
    expect(server('mediamtx').env).toEqual({ MTX_MOQ: 'no' });
  });

  it('has lal on loopback, and nothing but RTMP is on', () => {
    const sections = JSON.parse(config('lal')) as Record<string, Record<string, unknown>>;
    const on = Object.entries(sections).flatMap(([name, values]) =>
      Object.entries(values).flatMap(([key, value]) =>
        key.includes('enable') && value === true ? [`${name}.${key}`] : [],
      ),
    );
    expect(on).toEqual(['rtmp.enable']);
    expect(sections['rtmp']).toMatchObject({ addr: '127.0.0.1:19350' });
  });

  it('has xiu with RTMP alone, and the HTTP interface that cannot be off on a port that was free', () => {
    expect(config('xiu')).toContain('port = 19350\n');
    expect(config('xiu').match(/^\[\w+\]$/gm)).toEqual(['[rtmp]', '[httpapi]', '[authsecret]', '[log]']);
  });
});
