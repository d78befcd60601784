import { afterEach, describe, expect, it } from 'vitest';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';

let harness: ListenerHarness;

afterEach(async () => {
  await harness.close();
});

describe('a connect that is being decided', () => {
  it('holds what the client sends behind it, which is handled once it is accepted', async () => {
    harness = await ListenerHarness.open();
    harness.holdConnects = true;
    const client = harness.keep(await RawRtmp.shaken({ port: harness.port }));
    client.command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    client.command(0, 'createStream', 2, null);
    await harness.until(() => harness.acceptConnects() === 1, 'the connect to be asked for');
    await harness.until(
      () => client.received.some(({ values }) => values[0] === '_result' && values[1] === 2),
      'the stream',
    );
    expect(harness.closes).toEqual([]);
  });

  it('is refused with a status before the connection is closed', async () => {
    harness = await ListenerHarness.open();
    harness.refuseConnects = true;
    const client = harness.keep(await RawRtmp.shaken({ port: harness.port }));
    client.command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    await client.gone();
    const error = client.received.find(({ values }) => values[0] === '_error')!;
    expect(error.values[3]).toMatchObject({ code: 'NetConnection.Connect.Rejected', description: 'not you' });
    await harness.until(() => harness.closes.length === 1, 'the close');
    expect(harness.closes).toEqual(['ERR_SESSION_CONNECT_REFUSED']);
  });
});

describe('a publish that is being decided', () => {
  it('knows why its connection was closed meanwhile, whoever closed it', async () => {
    harness = await ListenerHarness.open();
    harness.holdPublishes = true;
    for (const [index, name] of ['drained', 'kicked'].entries()) {
      const client = await harness.client();
      const id = await client.createStream();
      client.command(id, 'publish', 0, null, name, 'live');
      await harness.until(() => harness.undecided === index + 1, 'the publish to be asked for');
    }
    const [drained, kicked] = [...harness.listener.connections];
    expect(harness.withdrawn).toEqual([]);
    drained!.shutdown('server_drain', 'the server is shutting down');
    kicked!.shutdown('kicked', 'go away');
    expect(harness.withdrawn).toEqual(['server_drain', 'kicked']);
    for (const _ of harness.withdrawn) harness.decide('accept');
    await harness.until(() => harness.publishEnds.length === 2, 'the ends');
    expect(harness.publishEnds).toEqual(['drained:server_drain', 'kicked:kicked']);
  });
});
