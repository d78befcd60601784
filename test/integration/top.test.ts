import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from '../support/child.js';
import { freePort } from '../support/ports.js';
import { builtCli } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { sluice } from '../support/tools.js';

const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** `sluice top` in a terminal of 100 columns and 20 lines. */
function inTerminal(address: string): Child {
  const program = `stty rows 20 cols 100; exec ${process.execPath} ${builtCli()} top --http ${address}`;
  return new Child(['script', '-qfec', program, '/dev/null'], { keepsInput: true, env: { TERM: 'xterm' } });
}

describe('sluice top', () => {
  let server: TestServer;
  let publisher: Child;
  let address: string;

  beforeAll(async () => {
    server = await spawnServer();
    address = `127.0.0.1:${server.httpPort}`;
    publisher = sluice('publish', '--test', '--size', '320x180', '--fps', '10', server.url('clock'));
    await server.ready('clock');
  });
  afterAll(async () => {
    await publisher.stop('SIGKILL');
    await server.stop();
  });

  it('shows what is live, takes keys, and gives the terminal back', async () => {
    const top = inTerminal(address);
    await top.waitForOutput(/live\/clock/);
    top.write('p');
    await top.waitForOutput(/sorted by players/);
    top.write('q');
    expect((await top.finish(20_000)).code).toBe(0);
    expect(top.stdout.split(ENTER)).toHaveLength(2);
    expect(top.stdout.trimEnd().endsWith(LEAVE)).toBe(true);
    expect(top.stdout).toContain('h264 + aac');
  });

  it('says that a server is away, and gives the terminal back at Ctrl-C', async () => {
    const top = inTerminal(`127.0.0.1:${await freePort()}`);
    await top.waitForOutput(/no answer for .*ECONNREFUSED/);
    top.write('\x03');
    expect((await top.finish(20_000)).code).toBe(0);
    expect(top.stdout.trimEnd().endsWith(LEAVE)).toBe(true);
  });

  it('prints once where there is no terminal, for people and as JSON', async () => {
    const [plain, json] = await Promise.all([
      run([process.execPath, builtCli(), 'top', '--http', address]),
      run([process.execPath, builtCli(), 'top', '--http', address, '--json']),
    ]);
    expect(plain.stdout).toMatch(/^1 stream {2}0 players /m);
    expect(plain.stdout).toMatch(/^live\/clock +\w+ .*h264 \+ aac +320x180@10 /m);
    expect(plain.stdout).not.toContain('\x1b');
    expect(JSON.parse(json.stdout)).toMatchObject({ total: 1, streams: [{ app: 'live', name: 'clock' }] });
    const away = sluice('top', '--http', `127.0.0.1:${await freePort()}`);
    expect((await away.finish(20_000)).code).toBe(3);
    expect(away.stderr).toContain('ERR_CTL_SERVER_UNREACHABLE');
  });
});
