import { afterEach, describe, expect, it } from 'vitest';
import { Desk } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';

let desk: Desk;

afterEach(async () => {
  await desk.close();
});

describe('a connect that is being decided', () => {
  it('holds what the client sends behind it, which is handled once it is accepted', async () => {
    desk = await Desk.open();
    desk.holdConnects = true;
    const client = desk.keep(await RawRtmp.shaken({ port: desk.port }));
    client.command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    client.command(0, 'createStream', 2, null);
    await desk.until(() => desk.acceptConnects() === 1, 'the connect to be asked for');
    await desk.until(
      () => client.received.some(({ values }) => values[0] === '_result' && values[1] === 2),
      'the stream',
    );
    expect(desk.closes).toEqual([]);
  });

  it('is refused with a status before the connection is closed', async () => {
    desk = await Desk.open();
    desk.refuseConnects = true;
    const client = desk.keep(await RawRtmp.shaken({ port: desk.port }));
    client.command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
    await client.gone();
    const error = client.received.find(({ values }) => values[0] === '_error')!;
    expect(error.values[3]).toMatchObject({ code: 'NetConnection.Connect.Rejected', description: 'not you' });
    await desk.until(() => desk.closes.length === 1, 'the close');
    expect(desk.closes).toEqual(['ERR_SESSION_CONNECT_REFUSED']);
  });
});

describe('a publish that is being decided', () => {
  it('knows why its connection was closed meanwhile, whoever closed it', async () => {
    desk = await Desk.open();
    desk.holdPublishes = true;
    for (const [index, name] of ['drained', 'kicked'].entries()) {
      const client = await desk.client();
      const id = await client.createStream();
      client.command(id, 'publish', 0, null, name, 'live');
      await desk.until(() => desk.undecided === index + 1, 'the publish to be asked for');
    }
    const [drained, kicked] = [...desk.listener.connections];
    expect(desk.withdrawn).toEqual([]);
    drained!.shutdown('server_drain', 'the server is shutting down');
    kicked!.shutdown('kicked', 'go away');
    expect(desk.withdrawn).toEqual(['server_drain', 'kicked']);
    for (const _ of desk.withdrawn) desk.decide('accept');
    await desk.until(() => desk.publishEnds.length === 2, 'the ends');
    expect(desk.publishEnds).toEqual(['drained:server_drain', 'kicked:kicked']);
  });
});
