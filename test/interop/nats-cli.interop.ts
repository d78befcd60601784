import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';

let bus: NatsServer;
let server: TestServer;
let home: string;
beforeAll(async () => {
  home = tempDir('nats-cli');
  bus = await startNats();
  server = await spawnServer({ nats: bus.url });
});
afterAll(async () => {
  await server.stop();
  await bus.stop();
  removeTempDir(home);
});

/** What the command line of NATS prints. Its settings are its own. */
async function nats(...args: string[]): Promise<string> {
  const env = { HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: '1' };
  const child = new Child(['nats', '--server', bus.url, ...args], { env });
  const { code } = await child.finish(20_000);
  expect([code, child.output]).toEqual([0, expect.any(String)]);
  return child.output;
}

describe('the command line of NATS', () => {
  it('lists the server as a micro service, with its endpoints, their groups and metadata', async () => {
    expect(await nats('micro', 'ls')).toMatch(/│ sluice │ \d+\.\d+\.\d+ +│ \w{26} │ Sluice: control of/);
    const info = await nats('micro', 'info', 'sluice');
    expect(info).toContain(`rtmp: 127.0.0.1:${server.rtmpPort}`);
    expect(info).toContain(`http: 127.0.0.1:${server.httpPort}`);
    const nodeId = /nodeId: (\w{26})/.exec(info)![1]!;
    for (const lines of [
      ['streams-list', 'sluice.v1.ctl.all.streams.list', 'mutates: false'],
      ['streams-kick', 'sluice.v1.ctl.all.streams.kick', 'mutates: true'],
      ['node-info', `sluice.v1.ctl.n.${nodeId}.info`, 'mutates: false'],
    ] as const) {
      const [name, subject, mutates] = lines;
      const words = [`Name: ${name}`, `Subject: ${subject}`, `Queue Group: ${nodeId}`, `Metadata: ${mutates}`];
      expect(info.replaceAll(/\s+/g, ' ')).toContain(words.join(' '));
    }
  });

  it('asks for an operation, is told of a refusal, and shows both in the statistics', async () => {
    const publisher = await RawRtmp.connected({ port: server.rtmpPort });
    await publisher.publish('cam');
    const answer = await nats('request', '--raw', 'sluice.v1.ctl.all.streams.list', '{"app":"live"}');
    expect(JSON.parse(answer)).toMatchObject({ ok: true, streams: [{ app: 'live', name: 'cam' }] });
    const refused = await nats('request', 'sluice.v1.ctl.all.streams.list', '{"app":5}');
    expect(refused).toContain('Nats-Service-Error-Code: 400');
    expect(refused).toContain('ERR_CTL_BAD_REQUEST');
    expect(await nats('micro', 'stats', 'sluice')).toMatch(/streams-list +│ 2 +│ \w{26} │ 1 +│/);
    publisher.destroy();
  });
});
