import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressesOf, checkPort, listeningInodes, takenBy } from '../../../../src/cli/doctor/ports.js';
import { resolveConfig } from '../../../../src/config/load.js';
import { ROWS } from '../../../../src/config/table.js';

describe('addressesOf', () => {
  it('has every address of the settings that is on', () => {
    expect(addressesOf(resolveConfig()).map(({ key }) => key)).toEqual(['rtmp.listen', 'http.listen']);
    const on = { listen: '127.0.0.1:0' };
    const all = addressesOf(resolveConfig({ rtmps: on, rtmpt: on, httpFlv: on }));
    expect(all.map(({ key }) => key)).toEqual(ROWS.map(({ key }) => key).filter((key) => key.endsWith('.listen')));
    const off = { ...on, enabled: false };
    expect(addressesOf(resolveConfig({ rtmpt: off, httpFlv: off })).length).toBe(2);
  });
});

describe('checkPort', () => {
  it('finds a free port, and says when other machines reach it', async () => {
    expect(await checkPort('rtmp.listen', '127.0.0.1:0')).toEqual({
      check: 'rtmp.listen',
      state: 'ok',
      says: '127.0.0.1:0 is free',
    });
    expect((await checkPort('rtmp.listen', '0.0.0.0:0')).says).toContain('for other machines as well');
  });

  it('names who has a taken one', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const finding = await checkPort('http.listen', `127.0.0.1:${port}`);
    await new Promise((resolve) => server.close(resolve));
    expect(finding).toMatchObject({ state: 'fail', todo: 'stop it, or set http.listen to another port' });
    if (process.platform === 'linux') expect(finding.says).toContain(`(process ${process.pid})`);
  });

  it('says that an address is not of this machine', async () => {
    const finding = await checkPort('rtmp.listen', '192.0.2.1:1935');
    expect(finding).toMatchObject({ state: 'fail', says: expect.stringContaining('EADDRNOTAVAIL') });
  });
});

describe('takenBy', () => {
  it('is no failure when sluice itself has the port', () => {
    const holder = { pid: 12, name: 'node', isSluice: true };
    expect(takenBy('rtmp.listen', '127.0.0.1:1935', holder)).toMatchObject({ state: 'warn' });
    expect(takenBy('rtmp.listen', '127.0.0.1:1935', undefined)).toMatchObject({ state: 'fail' });
  });
});

describe('listeningInodes', () => {
  it('reads the table of the system, by port and state', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:078F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0',
      '   1: 0100007F:078F 0100007F:A000 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0 0 10 0',
      '   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0',
    ].join('\n');
    expect(listeningInodes(table, 1935)).toEqual(['4711']);
    expect(listeningInodes('', 1935)).toEqual([]);
  });
});
