import { describe, expect, it, onTestFinished } from 'vitest';
import { NatsLink } from '../../../src/nats/connection.js';
import { LinkRequests } from '../../../src/nats/link-requests.js';
import { MAX_HEADER_BYTES, MAX_HEADERS, UNREADABLE_HEADERS } from '../../../src/nats/message-guard.js';
import type { NatsMessage } from '../../../src/nats/requests.js';
import { logTo } from '../../support/admission/chain-harness.js';
import { NatsWireServer } from '../../support/nats/wire-server.js';
import { waitFor } from '../../support/wait.js';

/** A client with a subscription to `door`, and what comes to it. */
async function listening(take: (message: NatsMessage) => void = () => undefined) {
  const wire = await NatsWireServer.open();
  const lines: string[] = [];
  const link = new NatsLink({ urls: [wire.url] }, logTo(lines));
  onTestFinished(() => link.close());
  const requests = new LinkRequests(link);
  const came: NatsMessage[] = [];
  requests.subscribe('door', undefined, (message) => {
    came.push(message);
    take(message);
  });
  link.start();
  await wire.subscribed('door');
  const deliver = async (...all: (string | Uint8Array | undefined)[]): Promise<void> => {
    const before = came.length;
    wire.deliver(
      ...all.map((headers) => ({
        ...{ pattern: 'door', subject: 'door', body: Buffer.from('body') },
        headers: typeof headers === 'string' ? Buffer.from(headers) : headers,
      })),
    );
    await waitFor(() => came.length === before + all.length, { what: 'every message' });
  };
  return { wire, link, lines, came, deliver };
}

const headers = (...lines: string[]): string => ['NATS/1.0', ...lines, '', ''].join('\r\n');
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `H${i}: x`);
/** Headers of so many bytes in all. */
const long = (bytes: number): string => headers(`A: ${'x'.repeat(bytes - headers('A: ').length)}`);

describe('headers of messages', () => {
  it.each<[string, string, Record<string, string>]>([
    ['none', headers(), {}],
    ['some', headers('A: b', 'C-d:e: f', 'Empty:'), { A: 'b', 'C-d': 'e: f', Empty: '' }],
    ['a value beyond ASCII', headers('Who: Zoë ☃'), { Who: 'Zoë ☃' }],
    ['a status', 'NATS/1.0 409 Consumer Deleted\r\nA: b\r\n\r\n', { A: 'b' }],
    [`${MAX_HEADERS} of them`, headers(...many(MAX_HEADERS)), { H0: 'x', [`H${MAX_HEADERS - 1}`]: 'x' }],
    [`${MAX_HEADER_BYTES} bytes`, long(MAX_HEADER_BYTES), {}],
  ])('are read: %s', async (_what, sent, expected) => {
    const { came, deliver } = await listening();
    await deliver(sent);
    expect(came[0]!.headers).toMatchObject(expected);
    expect(came[0]!.headers).not.toHaveProperty(UNREADABLE_HEADERS);
    expect(Buffer.from(came[0]!.body).toString()).toBe('body');
  });

  it.each<[string, string | Uint8Array]>([
    ['a space in a name', headers('A b: c')],
    ['a name beyond ASCII', headers('Zoë: c')],
    ['no name', headers(': c')],
    ['no colon', headers('A')],
    ['a line break in a value', headers('A: b\nc')],
    ['a return in a value', headers('A: b\rc')],
    ['another protocol', 'HTTP/1.1 200 OK\r\nA: b\r\n\r\n'],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 13, 10, 0xff, 13, 10, 13, 10])],
    [`${MAX_HEADERS + 1} of them`, headers(...many(MAX_HEADERS + 1))],
    ['a hundred thousand of them', headers(...many(100_000))],
    [`${MAX_HEADER_BYTES + 1} bytes`, long(MAX_HEADER_BYTES + 1)],
  ])('are replaced when they cannot be read, and the messages after are read: %s', async (_what, sent) => {
    const { wire, link, came, lines, deliver } = await listening();
    await deliver(sent, undefined, headers('A: b'));
    expect(came.map((message) => message.headers)).toEqual([{ [UNREADABLE_HEADERS]: '1' }, {}, { A: 'b' }]);
    expect(came.map(({ body }) => Buffer.from(body).toString())).toEqual(['body', 'body', 'body']);
    expect([link.state, wire.connections]).toEqual(['connected', 1]);
    expect(lines.filter((line) => line.includes('ERR_'))).toEqual([]);
  });

  it('and a subscriber that throws, stop nothing after them: the defect is logged', async () => {
    const { link, wire, lines, deliver } = await listening(() => {
      throw new Error('a defect');
    });
    await deliver(undefined, undefined);
    expect([link.state, wire.connections]).toEqual(['connected', 1]);
    expect(lines.filter((line) => line.includes('ERR_INTERNAL'))).toHaveLength(2);
  });
});
