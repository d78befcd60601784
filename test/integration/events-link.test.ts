import { afterEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { NatsLink } from '../../src/nats/connection.js';
import { NatsServer } from '../support/nats.js';
import { waitFor } from '../support/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a connection with several servers to choose from', () => {
  it('is made to each of them when no other is left, also to those that were down at first', async () => {
    const servers = [await NatsServer.prepare(), await NatsServer.prepare(), await NatsServer.prepare()];
    for (const server of servers) closing.push(() => server.stop());
    await servers[2].start();
    // The client shuffles its servers; so it leaves them as they are, and tries those first that are down.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const link = new NatsLink({ urls: servers.map(({ url }) => url) }, silentLogger);
    closing.push(() => link.close());
    link.start();
    const goesTo = (nth: number) =>
      waitFor(() => link.connection?.getServer() === `127.0.0.1:${servers[nth].port}`, {
        timeoutMs: 20_000,
        what: () => `a connection to server ${nth}; it is ${link.state} ${link.detail}`,
      });
    await goesTo(2);
    random.mockRestore();
    for (const [from, to] of [
      [2, 0],
      [0, 1],
      [1, 2],
    ]) {
      await servers[to].start();
      await servers[from].kill();
      await goesTo(to);
    }
    expect(link.state).toBe('connected');
  });
});
