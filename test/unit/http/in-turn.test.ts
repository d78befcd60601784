import { createConnection } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { start } from '../../support/http/http-harness.js';
import { waitFor } from '../../support/wait.js';

const asked = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** A server with a recording that has no end, and how many times it was opened. */
async function withRecording() {
  const opened = { count: 0, open: 0 };
  const closed = () => opened.open--;
  const recordings = {
    open: async () => {
      opened.count++;
      opened.open++;
      const endless = () => new Readable({ read: () => undefined }).once('close', closed);
      return { bytes: 10, etag: '"e"', read: endless, close: async () => void closed() };
    },
  };
  const running = await start({ deps: { recordings } });
  const socket = createConnection(running.server.address.port, '127.0.0.1');
  return { ...running, opened, socket };
}

describe('requests that are sent one after the other without waiting for answers', () => {
  it('are answered in their order, each', async () => {
    const { socket } = await withRecording();
    let text = '';
    socket.on('data', (bytes) => {
      text += String(bytes);
    });
    socket.write(asked('/healthz') + asked('/v1/session') + asked('/v1/nothing') + asked('/healthz'));
    await waitFor(() => text.match(/HTTP\/1\.1/g)?.length === 4, { what: 'all answers' });
    expect(text.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9))).toEqual(['200', '200', '404', '200']);
    socket.destroy();
  });

  it('have no file opened behind one whose answer goes on, and none stays open when the connection goes', async () => {
    const { get, opened, socket } = await withRecording();
    socket.write(asked('/v1/recordings/a').repeat(20));
    await waitFor(() => opened.open === 1, { what: 'the first to be opened' });
    await get('/healthz');
    expect(opened).toEqual({ count: 1, open: 1 });
    socket.destroy();
    await waitFor(() => opened.open === 0, { what: 'the file to be closed' });
    expect(opened.count).toBe(1);
  });

  it('follow the events once, and not for ever', async () => {
    const { get, socket } = await withRecording();
    const followers = async () => /^sluice_event_followers (\d+)$/m.exec(await (await get('/metrics')).text())?.[1];
    socket.write(asked('/v1/events').repeat(20));
    await waitFor(async () => (await followers()) === '1', { what: 'a follower' });
    socket.destroy();
    await waitFor(async () => (await followers()) === '0', { what: 'no follower' });
  });
});
