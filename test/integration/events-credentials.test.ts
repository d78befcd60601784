import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { newId } from '../../src/core/ids.js';
import { EventLayer } from '../../src/events/event-layer.js';
import type { NatsOptions } from '../../src/nats/options.js';
import { Child } from '../support/child.js';
import { RecordingLog } from '../support/events-parts.js';
import { freePort } from '../support/ports.js';
import { repository } from '../support/repository.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server with the given lines in its configuration. @returns its port */
async function serve(config: string): Promise<number> {
  const port = await freePort();
  const dir = tempDir('nats');
  const file = join(dir, 'nats.conf');
  writeFileSync(file, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(dir, 'js')}" }\n${config}\n`);
  const child = new Child(['nats-server', '-c', file]);
  closing.push(() => child.stop('SIGKILL'));
  await child.waitForOutput(/Server is ready/);
  return port;
}

async function open(nats: NatsOptions): Promise<{ eventLayer: EventLayer; log: RecordingLog }> {
  const log = new RecordingLog();
  const deps = { log, clock: systemClock, nodeId: 'n1', bootId: newId() };
  const eventLayer = await EventLayer.open({ dir: tempDir('events'), nats }, deps);
  closing.push(() => eventLayer.close(1000));
  await eventLayer.lifecycle.streamStarted({
    ...{ streamId: newId(), app: 'live', name: 'cam', connectionId: newId() },
    ...{ peer: { address: '127.0.0.1', port: 1 }, transport: 'rtmp' },
  });
  return { eventLayer, log };
}

function published(eventLayer: EventLayer): Promise<boolean> {
  return waitFor(() => eventLayer.stats().published === 1, { what: () => JSON.stringify(eventLayer.stats()) });
}

/** An authority, a server's and a client's certificate. */
function certificates(): { dir: string; ca: string; cert: string; key: string } {
  const dir = tempDir('tls');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority');
  writeFileSync(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...curve.slice(0, 5), '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-out', `${name}.pem`, '-days', '2', '-extfile', 'names'],
    );
  }
  return { dir, ca: join(dir, 'ca.pem'), cert: join(dir, 'client.pem'), key: join(dir, 'client.key') };
}

describe('credentials for NATS', () => {
  it('are a user and password, in the settings or in the URL', async () => {
    const port = await serve('authorization { user: "u", password: "p@ss:w/rd" }');
    await published((await open({ urls: [`nats://127.0.0.1:${port}`], user: 'u', password: 'p@ss:w/rd' })).eventLayer);
    const inUrl = await open({ urls: [`nats://u:${encodeURIComponent('p@ss:w/rd')}@127.0.0.1:${port}`] });
    await published(inUrl.eventLayer);
    expect(JSON.stringify(inUrl.log.lines)).not.toContain('p@ss');
  });

  it('are a token', async () => {
    const port = await serve('authorization { token: "s3cret" }');
    await published((await open({ urls: [`nats://127.0.0.1:${port}`], token: 's3cret' })).eventLayer);
  });

  it('are an NKey seed', async () => {
    // A user key made for this test; it opens nothing else.
    const seed = 'SUADFDTTYGTW4ALV4BRKUHZPEC3SB5URQMA2BGMKYJ7R2QTAYHN4J7IRVI';
    const publicKey = 'UDCWTC35ZBBQKNCDI35IBISTVRAVKX4PJTKQ6RR7Y5D3LRA5TVGYEWQI';
    const port = await serve(`authorization { users: [ { nkey: "${publicKey}" } ] }`);
    await published((await open({ urls: [`nats://127.0.0.1:${port}`], nkey: seed })).eventLayer);
  });

  it('are TLS with an authority of one’s own and a client certificate', async () => {
    const { dir, ca, cert, key } = certificates();
    const files = `cert_file: "${join(dir, 'server.pem')}", key_file: "${join(dir, 'server.key')}", ca_file: "${ca}"`;
    const port = await serve(`tls { ${files}, verify: true }`);
    await published((await open({ urls: [`tls://127.0.0.1:${port}`], tls: { ca, cert, key } })).eventLayer);
  });

  it('that are wrong are said in the log and tried again, and events wait', async () => {
    const port = await serve('authorization { user: "u", password: "right" }');
    const { eventLayer, log } = await open({ urls: [`nats://127.0.0.1:${port}`], user: 'u', password: 'wrong' });
    await waitFor(() => /AUTHORIZATION_VIOLATION/.test(eventLayer.stats().busDetail));
    expect(eventLayer.stats()).toMatchObject({ published: 0, pending: 1 });
    expect(JSON.stringify(log.lines)).not.toContain('wrong');
  });

  it('of a file that is not there keep the node from starting, and the file is named', async () => {
    const opened = open({ urls: ['nats://127.0.0.1:1'], creds: '/nowhere/user.creds' });
    await expect(opened).rejects.toMatchObject({
      code: 'ERR_EVENTS_NATS_OPTIONS',
      message: expect.stringContaining('/nowhere/user.creds'),
    });
  });
});

describe('a user who may not publish', () => {
  it('is told by name, and what waits is published when the right is given', async () => {
    const port = await freePort();
    const dir = tempDir('nats');
    const file = join(dir, 'nats.conf');
    const write = (deny: string) =>
      writeFileSync(
        file,
        `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(dir, 'js')}" }\n` +
          `authorization { users: [ { user: u, password: pw, permissions: { publish: { deny: [${deny}] } } } ] }\n`,
      );
    write('"sluice.v1.evt.>"');
    const child = new Child(['nats-server', '-c', file]);
    closing.push(() => child.stop('SIGKILL'));
    await child.waitForOutput(/Server is ready/);
    const { eventLayer } = await open({ urls: [`nats://127.0.0.1:${port}`], user: 'u', password: 'pw' });
    await waitFor(() => eventLayer.stats().busState === 'denied');
    expect(eventLayer.stats()).toMatchObject({ published: 0, pending: 1, quarantined: 0 });
    write('"other.>"');
    child.signal('SIGHUP');
    await published(eventLayer);
    await waitFor(() => eventLayer.stats().busState === 'ready');
  });
});

describe('the permissions that the documentation gives', () => {
  it('are enough for a node, and for nothing else', async () => {
    // Shown in docs/events.md.
    const text = readFileSync(join(repository(), 'examples/nats-permissions.conf'), 'utf8').trim();
    const user = text.replace('$SLUICE_PASSWORD', '"pw"');
    const create = ['SLUICE_EVENTS', 'KV_SLUICE_STREAMS', 'KV_SLUICE_NODES'].map(
      (name) => `"$JS.API.STREAM.CREATE.${name}",`,
    );
    const maker = user.replace('user: sluice', 'user: maker').replace('publish: [', `publish: [${create.join(' ')}`);
    const port = await serve(`authorization { users: [ ${user}, ${maker}, { user: admin, password: pw } ] }`);
    const urls = [`nats://127.0.0.1:${port}`];
    const least = await open({ urls, user: 'sluice', password: 'pw' });
    await waitFor(() => least.eventLayer.stats().busState === 'denied');
    expect(least.eventLayer.stats().busDetail).toMatch(/may not be made/);
    const making = await open({ urls, user: 'maker', password: 'pw' });
    await published(making.eventLayer);
    await published(least.eventLayer);
    const admin = await connect({ servers: urls, user: 'admin', pass: 'pw' });
    closing.push(() => admin.close());
    const kv = await admin.jetstream().views.kv('SLUICE_STREAMS', { bindOnly: true });
    await waitFor(async () => (await kv.get('live.cam'))?.operation === 'PUT');
    const node = await connect({ servers: urls, user: 'sluice', pass: 'pw' });
    closing.push(() => node.close());
    const manager = await node.jetstreamManager({ checkAPI: false, timeout: 1000 });
    await expect(manager.streams.delete('SLUICE_EVENTS')).rejects.toMatchObject({ code: 'PERMISSIONS_VIOLATION' });
    await expect(manager.streams.purge('SLUICE_EVENTS')).rejects.toMatchObject({ code: 'PERMISSIONS_VIOLATION' });
    await expect(manager.streams.deleteMessage('SLUICE_EVENTS', 1)).rejects.toMatchObject({
      code: 'PERMISSIONS_VIOLATION',
    });
    await expect(manager.streams.add({ name: 'OTHER', subjects: ['x'] })).rejects.toMatchObject({
      code: 'PERMISSIONS_VIOLATION',
    });
  });
});
