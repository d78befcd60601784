import { expect, it, onTestFinished } from 'vitest';
import { connectNats } from '../../../src/nats/connection.js';
import { LinkRequests } from '../../../src/nats/link-requests.js';
import { ToolLink } from '../../../src/nats/tool-link.js';
import { NatsWireServer } from '../../support/nats/wire-server.js';
import { waitFor } from '../../support/wait.js';

it('ends what is asked when the connection of a tool ends, and asks nothing any more', async () => {
  const wire = await NatsWireServer.open();
  const connection = await connectNats({ urls: [wire.url] });
  onTestFinished(() => connection.close());
  const requests = new LinkRequests(new ToolLink(connection));
  const asked = requests.request('ask', Buffer.from('?'), 60_000);
  await waitFor(() => wire.published.length === 1, { what: 'the request' });
  await connection.close();
  expect(await asked).toEqual({ kind: 'away' });
  expect(requests.isConnected).toBe(false);
  expect(await requests.request('ask', Buffer.from('?'), 60_000)).toEqual({ kind: 'away' });
});
