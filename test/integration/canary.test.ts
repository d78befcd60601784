import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { afterEach, expect, it } from 'vitest';
import { amf } from '../support/amf.js';
import { Child } from '../support/child.js';
import { startNats } from '../support/nats.js';
import { builtCli } from '../support/repository.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

let server: TestServer | undefined;
afterEach(() => server?.child.stop('SIGKILL'));

const C = 'CANARY';
/** What people type instead of `?key=…`. */
const BEHIND_A_NAME = [
  '?key=',
  '?jt=',
  '&key=',
  ';key=',
  '%3Fkey=',
  '#key=',
  ' key=',
  '&token=',
  '%26',
  '"',
  '\\',
  ',key=',
];
/** URLs that hold a secret, in every spelling that was seen. */
const URLS = [
  `rtmp://user:${C}@127.0.0.1/live`,
  `rtmp://user:a/${C}@127.0.0.1/live`,
  `rtmp://user:1/${C}@127.0.0.1/live`,
  `rtmp://user:a?${C}@127.0.0.1/live`,
  `rtmp://user:a#${C}@127.0.0.1/live`,
  `rtmp://user:a@${C}@127.0.0.1/live`,
  `  rtmp://user:${C}@127.0.0.1/live`,
  `rtmp:user:${C}@127.0.0.1/live`,
  ...BEHIND_A_NAME.map((mark) => `rtmp://127.0.0.1/live${mark}${C}`),
];

/** Everything in the files of a folder. */
function filesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

it('no secret that a client types anywhere leaves the process: log, journal, metrics, HTTP and NATS', async () => {
  const nats = await startNats();
  // Whatever is published on the server comes by here: events, signals, what is put into buckets, requests.
  const onBus: string[] = [];
  const bus = await connect({ servers: nats.url });
  bus.subscribe('>', {
    callback: (_error, message) => {
      const headers = [...(message.headers ?? [])].flat(2).join('\n');
      onBus.push(`${message.subject}\n${headers}\n${message.string()}`);
    },
  });
  await bus.flush();
  server = await spawnServer({ logLevel: 'debug', nats: nats.url });
  const { rtmpPort: port } = server;
  const named = (mark: string) => `cam1${mark}${C}`;
  for (const [i, url] of URLS.entries()) {
    const client = await RawRtmp.shaken({ port });
    const extra = { tcUrl: url, pageUrl: url, swfUrl: url, flashVer: `FMLE/3.0 ${url}` };
    await client.connect('live', extra);
    const id = await client.publish(`ok${i}?key=${C}`);
    client.message(18, amf('@setDataFrame', 'onMetaData', { encoder: `x ${url}` }), { messageStreamId: id });
    client.destroy();
  }
  for (const mark of BEHIND_A_NAME) {
    for (const [app, name] of [
      ['live', named(mark)],
      [`live${mark}${C}`, 'cam1'],
    ] as const) {
      for (const verb of ['publish', 'play']) {
        const client = await RawRtmp.shaken({ port });
        await client.connect(app).catch(() => undefined);
        const id = await client.createStream().catch(() => 1);
        client.command(0, 'FCPublish', 9, null, name);
        client.command(id, verb, 10, null, name);
        await client.expect((m) => m.values[0] === 'onStatus', 'an answer', { timeoutMs: 2000 }).catch(() => undefined);
        client.destroy();
      }
    }
  }
  const pages = ['/metrics', '/v1/node', '/v1/streams', '/readyz', '/healthz'];
  for (const path of ['/v1/streams', '/v1/none', '/%zz', '/v1/streams/x']) {
    await fetch(server.http(`${path}?key=${C}`), { headers: { authorization: C, cookie: C, 'last-event-id': C } });
  }
  await waitFor(async () => (await server!.metric('sluice_connections')) === 0);
  let shown = '';
  for (const path of pages) shown += await (await fetch(server.http(path))).text();
  const journal = filesOf(server.data);
  expect(journal).toContain('io.sluice.stream.rejected');
  await server.stop();
  await bus.flush();
  await bus.close();
  for (const subject of ['sluice.v1.evt.', '$KV.SLUICE_STREAMS.', '$KV.SLUICE_NODES.'])
    expect(
      onBus.some((message) => message.startsWith(subject)),
      subject,
    ).toBe(true);
  expect(server.child.output).toContain('publish refused');
  for (const text of [server.child.output, shown, journal, ...onBus]) expect(text).not.toContain(C);
});

it.each([',', '/', '@', '?', '#', '%2C', ' '])(
  'a NATS password with %j is shown by no command and in no log',
  async (mark) => {
    const env = {
      SLUICE_NATS_URL: `nats://user:a${mark}${C}@127.0.0.1:1`,
      SLUICE_NATS_TOKEN: C,
      SLUICE_NATS_PASSWORD: C,
      SLUICE_NATS_NKEY: C,
    };
    for (const args of [['config'], ['config', '--json'], ['events', '--nats', env.SLUICE_NATS_URL]]) {
      const child = new Child([process.execPath, builtCli(), ...args], { env });
      await child.finish(15_000);
      expect(child.output).not.toBe('');
      expect(child.output).not.toContain(C);
    }
  },
);
