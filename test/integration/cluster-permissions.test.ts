import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderRules, KEY } from '../support/admission/encoder-key.js';
import { Child } from '../support/child.js';
import { freePort } from '../support/ports.js';
import { repository } from '../support/repository.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const AAC_HEADER = Buffer.from([0xaf, 0, 0x12, 0x10]);
const AAC_FRAME = Buffer.from([0xaf, 1, 1, 2, 3]);
const RULES = encoderRules({ conflict: 'resume', resumeWindowMs: 15_000 });
const BUCKETS = ['STREAMS', 'NODES', 'OWNERS', 'BANS'].map((name) => `KV_SLUICE_${name}`);

let child: Child;
let admin: NatsConnection;
let url: (user: string) => string;
const servers: TestServer[] = [];
const clients: RawRtmp[] = [];
const folders: string[] = [];

/** The user of the documentation with another name, who may do more or less. */
function userOf(name: string, change: (text: string) => string = (text) => text): string {
  const text = readFileSync(join(repository(), 'examples/nats-permissions.conf'), 'utf8').trim();
  return change(text.replace('$SLUICE_PASSWORD', '"pw"').replace('user: sluice', `user: ${name}`));
}

async function spawn(id: string, user: string): Promise<TestServer> {
  const data = tempDir('permissions');
  folders.push(data);
  const server = await spawnServer({
    ...{ nats: url(user), data },
    settings: {
      'node.id': id,
      'cluster.enabled': true,
      'cluster.secret': '0123456789abcdef',
      'cluster.claimTimeoutMs': 500,
      'auth.rules': JSON.stringify(RULES),
      'shutdown.deadlineMs': 2000,
    },
  });
  servers.push(server);
  return server;
}

beforeAll(async () => {
  const [port, dir] = [await freePort(), tempDir('nats')];
  folders.push(dir);
  const create = ['SLUICE_EVENTS', ...BUCKETS].map((name) => `"$JS.API.STREAM.CREATE.${name}",`).join(' ');
  const users = [
    userOf('sluice'),
    userOf('maker', (text) => text.replace('publish: [', `publish: [${create}`)),
    userOf('before', (text) => text.replaceAll('SLUICE_OWNERS', 'OTHER')),
  ];
  const file = join(dir, 'nats.conf');
  const jetstream = `jetstream { store_dir: "${join(dir, 'js')}" }`;
  const all = `authorization { users: [ ${users.join(', ')}, { user: admin, password: pw } ] }`;
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${jetstream}\n${all}\n`);
  child = new Child(['nats-server', '-c', file]);
  await child.waitForOutput(/Server is ready/);
  url = (user) => `nats://${user}:pw@127.0.0.1:${port}`;
  admin = await connect({ servers: `127.0.0.1:${port}`, user: 'admin', pass: 'pw' });
  await spawn('n1', 'maker');
  await spawn('n2', 'sluice');
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(servers.map((server) => server.stop()));
  await admin.close();
  await child.stop('SIGKILL');
  for (const folder of folders) removeTempDir(folder);
});

async function connected(server: TestServer): Promise<RawRtmp> {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  clients.push(client);
  return client;
}

async function publishing(server: TestServer) {
  const client = await connected(server);
  const id = await client.publish(`cam?key=${KEY}`);
  client.message(8, AAC_HEADER, { messageStreamId: id, timestamp: 0 });
  for (let n = 0; n < 10; n++) client.message(8, AAC_FRAME, { messageStreamId: id, timestamp: n * 20 });
  await server.ready('cam');
  return { client, id };
}

async function owner(): Promise<{ state?: string; nodeId?: string }> {
  const kv = await admin.jetstream().views.kv('SLUICE_OWNERS', { bindOnly: true });
  return (await kv.get('live.cam'))?.json() ?? {};
}

describe('the permissions that the documentation gives', () => {
  it('are enough for nodes of a cluster: names, streams that move and copies of streams', async () => {
    const [a, b] = servers as [TestServer, TestServer];
    await publishing(a);
    const { streamId } = (await a.ready('cam'))!;
    const second = await publishing(b);
    expect((await b.stream('cam'))?.streamId).toBe(streamId);
    const player = await connected(a);
    await player.play('cam');
    let timestamp = 200;
    await waitFor(
      () => {
        timestamp += 20;
        second.client.message(8, AAC_FRAME, { messageStreamId: second.id, timestamp });
        return player.received.some(({ type }) => type === 8);
      },
      { what: () => `media ${player.describe()}` },
    );
    expect(await owner()).toMatchObject({ state: 'live', nodeId: 'n2' });
    second.client.command(second.id, 'closeStream', 0, null);
    await waitFor(async () => (await owner()).state === 'released', { what: 'the name to be free' });
    for (const server of servers) expect(server.child.output).not.toMatch(/permissions?[ _]violation|may not sub/i);
  });
});

describe('a user who may not use the registry of names', () => {
  it('makes its node say so before anybody publishes, and publishers are told', async () => {
    const server = await spawn('n3', 'before');
    const degraded = await waitFor(
      async () => {
        const answer = (await (await fetch(server.http('/readyz'))).json()) as { degraded?: string[] };
        return answer.degraded?.find((text) => text.includes('registry of names'));
      },
      { what: () => server.child.output.slice(-1500) },
    );
    expect(degraded).toContain('PERMISSIONS_VIOLATION');
    expect(server.child.output).toContain('the registry of names cannot be used');
    const client = await connected(server);
    const id = await client.createStream();
    client.command(id, 'publish', 0, null, `other?key=${KEY}`, 'live');
    const refused = await waitFor(
      () => client.received.find((one) => String(statusOf(one).code).startsWith('NetStream.Publish')),
      { what: () => client.describe() },
    );
    expect(String(statusOf(refused).description)).toContain('ERR_CLUSTER_REGISTRY_DOWN');
  });
});
