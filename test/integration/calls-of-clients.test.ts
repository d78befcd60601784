import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLONED_BORDER_VARIABLE } from '../../src/live/cloned-border.js';
import { Child } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { RawRtmp, statusOf } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

let nats: NatsServer;
let folder = '';
let program: Child;

beforeAll(async () => {
  nats = await startNats();
  folder = tempDir('calls');
  symlinkSync(join(repository(), 'node_modules'), join(folder, 'node_modules'));
  const script = join(folder, 'answer-calls.mjs');
  cpSync(join(repository(), 'examples/answer-calls.mjs'), script);
  writeFileSync(script, readFileSync(script, 'utf8').replace('127.0.0.1:4222', `127.0.0.1:${nats.port}`));
  program = new Child([process.execPath, script]);
}, 60_000);

afterAll(async () => {
  await program.stop('SIGKILL');
  await nats.stop();
  removeTempDir(folder);
});

for (const border of ['plain', 'cloned']) {
  describe(`calls over a real NATS server, border ${border}`, () => {
    let server: TestServer;
    beforeAll(async () => {
      if (border === 'cloned') process.env[CLONED_BORDER_VARIABLE] = '1';
      server = await spawnServer({ nats: nats.url, settings: { 'rpc.apps': 'live', 'rpc.timeoutMs': 2000 } });
      delete process.env[CLONED_BORDER_VARIABLE];
    }, 60_000);
    afterAll(() => server.stop());

    const call = async (client: RawRtmp, transaction: number, ...args: Parameters<RawRtmp['command']>) => {
      client.command(...args);
      return client.expect(({ values }) => values[1] === transaction, `the answer to call ${transaction}`);
    };

    it('are answered by the program of the examples, and refused when nobody answers', async () => {
      const client = await RawRtmp.connected({ port: server.rtmpPort });
      let transaction = 100;
      const sum = await waitFor(
        async () => {
          transaction++;
          const { values } = await call(client, transaction, 0, 'add', transaction, null, 40, 2);
          return values[0] === '_result' ? values[3] : undefined;
        },
        { timeoutMs: 20_000, everyMs: 100, what: 'the program to answer' },
      );
      expect(sum).toBe(42);
      const unknown = await call(client, 900, 0, 'sub', 900, null, 1);
      expect([unknown.values[0], { ...statusOf(unknown) }]).toEqual([
        '_error',
        { level: 'error', code: 'NetConnection.Call.Failed', description: 'no such method' },
      ]);
      const other = await RawRtmp.connected({ port: server.rtmpPort, app: 'other' });
      const refused = await call(other, 901, 0, 'add', 901, null, 1, 2);
      expect(statusOf(refused)['description']).toBe('There is no such method.');
      const metrics = await (await fetch(server.http('/metrics'))).text();
      expect(metrics).toMatch(/^sluice_rpc_calls_total\{outcome="result"\} 1$/m);
      expect(metrics).toMatch(/^sluice_rpc_pending 0$/m);
      client.destroy();
      other.destroy();
    });

    it('to clients, data messages and requests to connect again go out over HTTP', async () => {
      const publisher = await RawRtmp.shaken({ port: server.rtmpPort });
      await publisher.connect('live', { capsEx: 1 });
      await publisher.publish('cam');
      const player = await RawRtmp.connected({ port: server.rtmpPort });
      await player.play('cam');
      const stream = await waitFor(() => server.stream('cam'), { what: 'the stream' });
      const post = async (verb: string, body: object): Promise<unknown> => {
        const headers = { 'content-type': 'application/json' };
        const url = server.http(`/v1/streams/${stream.streamId}/${verb}`);
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
        return answer.json();
      };
      expect(await post('send', { handler: 'onText', values: [{ text: 'hi' }] })).toMatchObject({ ok: true });
      const data = await player.expect(({ values }) => values[0] === 'onText', 'the data message');
      expect({ ...(data.values[1] as object) }).toEqual({ text: 'hi' });
      expect(await post('send', { handler: 'onMetaData', values: [] })).toMatchObject({ code: 'ERR_CTL_BAD_REQUEST' });
      const answer = post('call', { method: 'ping', values: [1] });
      const { values } = await publisher.expect((message) => message.values[0] === 'ping', 'the call');
      publisher.command(0, '_result', values[1] as number, null, 'pong');
      expect(await answer).toMatchObject({ ok: true, kind: 'result', values: ['pong'] });
      expect(await post('reconnect', { tcUrl: 'rtmp://b.example/live' })).toMatchObject({ supported: true });
      const asked = await publisher.status('NetConnection.Connect.ReconnectRequest');
      expect(statusOf(asked)).toMatchObject({ tcUrl: 'rtmp://b.example/live' });
      publisher.destroy();
      player.destroy();
    });
  });
}
