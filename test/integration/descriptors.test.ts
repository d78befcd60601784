import { afterEach, describe, expect, it } from 'vitest';
import { Child, run } from '../support/child.js';
import { builtCli } from '../support/repository.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

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

describe('the room for connections', () => {
  /** The log line at the start of a server with these settings, where a process may have `most` descriptors. */
  const roomAtStart = async (most: number, maxConnections: number) => {
    const child = withDescriptors(
      most,
      ...['serve', '--rtmp', '127.0.0.1:0', '--http', 'off', '--data', tempDir('data'), '--log-format', 'json'],
      ...['--set', `limits.maxConnections=${maxConnections}`],
    );
    const [line] = await child.waitForOutput(/^.*there is room for.*$/m);
    await child.stop();
    return JSON.parse(line) as Record<string, unknown>;
  };

  it('is told at the start with the bound that is the least', async () => {
    const byDescriptors = await roomAtStart(200, 10_000);
    expect(byDescriptors).toMatchObject({ level: 'warn', bound: 'file descriptors', setting: 10_000 });
    expect(byDescriptors['connections']).toBe(byDescriptors['descriptors']);
    expect(byDescriptors['connections']).toBeLessThan(200);
    expect(await roomAtStart(200, 7)).toMatchObject({
      level: 'info',
      bound: 'limits.maxConnections',
      connections: 7,
    });
  });
});

describe('a server with fewer descriptors than connections that come', () => {
  let server: TestServer;
  afterEach(() => server.stop());

  /** Loading the program takes more descriptors than running it: the limit is lowered afterwards. */
  const limited = async (most: number): Promise<TestServer> => {
    server = await spawnServer();
    await run(['prlimit', '--pid', `${server.child.pid}`, `--nofile=${most}:${most}`]);
    // The server reads its limit anew a few times a second only: until it knows this one, it takes too many.
    await waitFor(async () => (await server.metric('sluice_descriptors_limit')) === most, { what: 'the new limit' });
    return server;
  };
  const readiness = async (): Promise<{ status: number; body: { reasons?: string[] } }> => {
    const response = await fetch(server.http('/readyz'));
    return { status: response.status, body: (await response.json()) as { reasons?: string[] } };
  };

  it('refuses those that it has none for with a count, one log line and a reason, serves the others, and recovers', async () => {
    const { rtmpPort: port } = await limited(80);
    const publisher = await RawRtmp.connected({ port });
    await publisher.publish('cam');
    const many = await Promise.all(Array.from({ length: 100 }, () => RawRtmp.open({ port })));
    // A file that is open for a moment leaves room for one connection more when it is closed.
    const full = await waitFor(
      async () => {
        const now = await readiness();
        if (now.status === 503) return now;
        many.push(await RawRtmp.open({ port }));
        return undefined;
      },
      { what: 'the server to have no room' },
    );
    expect(full.body.reasons).toEqual([expect.stringMatching(/^\d+ of 80 file descriptors are open/)]);
    for (const client of many) client.send(Buffer.from([3]), Buffer.alloc(1536));
    const answered = () => many.filter((client) => client.handshakeBytes.length > 0).length;
    const closed = () => many.filter((client) => client.closed).length;
    await waitFor(() => answered() + closed() >= many.length, {
      what: () => `${many.length} connections to be answered or closed: ${answered()} and ${closed()} are`,
    });
    expect(answered()).toBeGreaterThan(10);
    expect(await server.metric('sluice_connections_limit')).toBeLessThan(80 - 16 - 8);
    expect(closed()).toBeGreaterThan(40);
    // Nobody is closed by the system behind the server's back: each that was closed is counted.
    const refused = await server.metric('sluice_connections_refused_total', 'code="ERR_DESCRIPTORS"');
    expect(refused).toBe(many.length - answered());
    expect(await server.metric('sluice_descriptors_limit')).toBe(80);
    expect(await server.metric('sluice_descriptors_open')).toBeLessThan(80 - 8);
    await waitFor(() => server.logLines('ERR_DESCRIPTORS').length > 0, { what: 'the line about descriptors' });
    // One now, and on a machine so slow that it takes longer than ten seconds another.
    expect(server.logLines('ERR_DESCRIPTORS').length).toBeLessThan(4);
    expect(server.logLines('EMFILE')).toEqual([]);
    expect(publisher.closed).toBe(false);
    for (const client of many) client.destroy();
    await waitFor(async () => (await readiness()).status === 200, {
      everyMs: 50,
      what: 'the server to be ready again',
    });
    const next = await RawRtmp.connected({ port });
    await next.publish('another');
    for (const client of [publisher, next]) client.destroy();
  });

  it('takes RTMP connections while clients of HTTP that say nothing hold all that HTTP gets', async () => {
    const { rtmpPort: port, httpPort } = await limited(80);
    const silent = await Promise.all(Array.from({ length: 100 }, () => RawRtmp.open({ port: httpPort })));
    // Who is turned away shows that HTTP has all that it gets. How much that is depends on the files that the process
    // has open.
    await waitFor(() => silent.some((client) => client.closed), { what: 'HTTP to turn somebody away' });
    const publisher = await RawRtmp.connected({ port });
    await publisher.publish('cam');
    expect((await readiness()).status).toBe(200);
    for (const client of [publisher, ...silent]) client.destroy();
  });
});
