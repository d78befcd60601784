import { ownerValueOf, parseNews } from '../../../src/cluster/owner-value.js';
import { YieldSeal } from '../../../src/cluster/yield-messages.js';
import { SluiceError } from '../../../src/core/errors.js';
import { RelaySeal, type RelayTicket } from '../../../src/live/relay-ticket.js';
import {
  audienceReport,
  helloObject,
  readAudience,
  readHello,
  readWelcome,
  welcomeObject,
} from '../../../src/protocol/messages/node-link.js';
import { AmfScanner } from '../../../src/wasm/amf-scanner.js';
import type { AmfValue } from '../../../src/wasm/amf-value.js';
import { type Amf, amf } from '../../support/amf.js';
import { type FuzzTarget, same } from '../target.js';

const SECRET = 'a secret of sixteen bytes';
const NOW_MS = 1_700_000_000_000;
const ULID = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';
const REGISTRY = '2026-11-27T02:00:00.123456789Z';
/** Most characters of a text that a reader lets through. */
const MOST_TEXT = 3072;

const clock = { wallMs: () => NOW_MS, monotonicMs: () => 0 };
const tickets = new RelaySeal(SECRET);
const ticket: RelayTicket = {
  ...{ from: 'n2', to: 'n1', app: 'live', name: 'cam' },
  epoch: { registry: REGISTRY, revision: 7 },
};
/** Everything that a node with the secret has written. */
const written: ReadonlySet<string> = new Set([
  tickets.write(ticket, NOW_MS),
  tickets.write({ ...ticket, to: 'n3' }, NOW_MS),
  tickets.write(ticket, NOW_MS - 59_000),
  tickets.write(ticket, NOW_MS - 2000, 1000),
]);
const words = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

/** A text is one of those that were written, or forged; and names of any characters go into a ticket and back. */
export const relayTicket: FuzzTarget = {
  name: 'relay-ticket',
  what: 'tickets of nodes: only what was signed is one, and names of any characters come back from it',
  sources: ['/src/live/relay-ticket', '/src/live/sealed-text'],
  tokens: words('.', '=', '-', '_', 'A', '\0', '"', '\\', 'ü'),
  maxBytes: 600,
  samples: () => [...written].map((text) => Buffer.from(text)).concat(Buffer.from('live\0cam')),
  run: (input) => {
    const text = Buffer.from(input).toString();
    const read = tickets.read(text, NOW_MS, 'n1');
    const isForged = read.ticket === undefined && read.isForged;
    if (isForged === written.has(text)) throw new Error(`${JSON.stringify(text)} is read as ${JSON.stringify(read)}`);
    const [app = '', name = ''] = Buffer.from(input.subarray(0, 200)).toString().split('\0');
    const own = { ...ticket, app, name };
    const back = tickets.read(tickets.write(own, NOW_MS), NOW_MS + 1, 'n1').ticket;
    same(JSON.stringify(back), JSON.stringify(own), 'read and written tickets');
  },
};

const hello = { nodeId: 'n2', bootId: ULID, ticket: [...written][0]!, path: ['n2', 'n3'] };
const welcome = { nodeId: 'n1', bootId: ULID, streamId: ULID, epoch: ticket.epoch, hops: 1 };
const scanner = new AmfScanner();

function valuesOf(input: Uint8Array): AmfValue[] {
  try {
    return [...scanner.scan(input).values];
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
}

/** What is read is written as something that is read as the same, and has no text without bounds. */
function comesBack<T>(value: AmfValue, read: (value: AmfValue) => T | undefined, write: (read: T) => unknown): void {
  const found = read(value);
  if (found === undefined) return;
  const [again] = valuesOf(amf(write(found) as Amf));
  same(JSON.stringify(read(again)), JSON.stringify(found), 'read again and read');
  noLong(found, MOST_TEXT);
}

function noLong(value: unknown, most: number): void {
  if (typeof value === 'string' && value.length > most) throw new Error(`a text of ${value.length} characters`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`the number ${value}`);
  if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) noLong(one, most);
}

/** What nodes say on RTMP: the object in connect and in its answer, and the number of players. */
export const nodeLink: FuzzTarget = {
  name: 'node-link',
  what: 'what nodes of a cluster say on RTMP: what is read is bounded, and written as something that is read as the same',
  sources: ['/src/protocol/messages/node-link'],
  tokens: [
    ...[1, 2, 0, -1, 0.5, Number.NaN, 2 ** 53, 1e6 + 1].map((number) => amf(number)),
    ...[amf([]), amf(['n1']), amf(null), ...words('path', 'epoch', 'v', 'players', '__proto__')],
  ],
  maxBytes: 4000,
  samples: () => [
    amf(helloObject(hello) as Amf),
    amf(helloObject({ ...hello, path: Array.from({ length: 16 }, () => 'n'.repeat(64)) }) as Amf),
    amf(welcomeObject(welcome) as Amf),
    Buffer.from(audienceReport(12)),
    amf({ players: 1_000_000 }),
  ],
  run: (input) => {
    for (const value of valuesOf(input)) {
      comesBack(value, readHello, helloObject);
      comesBack(value, readWelcome, welcomeObject);
      comesBack(
        value,
        (one) => readAudience([one]),
        (players) => ({ players }),
      );
    }
  },
};

const request = {
  ...{ streamId: ULID, holderBoot: ULID, byNode: 'n2', byStreamId: ULID, principalHash: 'ab', address: '192.0.2.1' },
  ...({ conflict: 'resume', isAnonymous: false, isUnauthenticated: false, nonce: 'n', timeMs: NOW_MS } as const),
};

/** Requests for streams of another node, and its answers: as they come, and signed, as from a node that errs. */
export const yieldMessages: FuzzTarget = {
  name: 'yield-messages',
  what: 'requests for streams of other nodes and their answers: only what was signed is read, and only in its form',
  sources: ['/src/cluster/yield-messages'],
  tokens: words('"mac":', '"text":', '"nonce":', 'null', '[]', '{}', '1e999', '"resume"', '"\\u0000"', '__proto__'),
  maxBytes: 4000,
  samples: () => {
    const seal = new YieldSeal(SECRET, clock);
    const moved = { kind: 'unknown' } as const;
    return [JSON.stringify(request), seal.request(request), seal.reply('n', moved), '{"kind":"busy"}'].map((text) =>
      Buffer.from(text),
    );
  },
  run: (input) => {
    // A new one for each input, because it remembers what it has read.
    const seal = new YieldSeal(SECRET, clock);
    if (seal.readRequest(input) !== undefined) {
      const { text } = parsed(input) as { text: string };
      same(textOf(input), textOf(seal.request(JSON.parse(text))), 'what is read as a request, and one');
    }
    const answer = seal.readReply('n', input);
    if (answer !== undefined)
      same(textOf(input), textOf(seal.reply('n', answer)), 'what is read as an answer, and one');
    const signed = parsed(input);
    if (signed === undefined) return;
    const other = new YieldSeal(SECRET, clock);
    const body = other.request(signed as never);
    const read = other.readRequest(body);
    if (read === undefined) return;
    noLong(read, 256);
    if (other.readRequest(body) !== undefined && !('kind' in read)) throw new Error('a request counts twice');
  },
};

const owner = {
  ...{ state: 'live', nodeId: 'n1', bootId: ULID, streamId: ULID, principalHash: 'ab', nonce: 'n' },
  ...{ claimedAt: '2026-11-27T02:00:00Z', to: 'n2', liveRevision: 3 },
};
const news = { epoch: 3, registry: REGISTRY, state: 'live', nodeId: 'n1' };

/** The owner of a name as the registry holds it, and news of it: anybody who may write there has written it. */
export const owners: FuzzTarget = {
  name: 'owner-values',
  what: 'owners of names and news of them, by anybody who may write to NATS: what is read is bounded and in its form',
  sources: ['/src/cluster/owner-value'],
  tokens: words('"moving"', '"released"', 'null', '-1', '0.5', '1e999', '9007199254740993', '"__proto__":', '[', '{'),
  maxBytes: 3000,
  samples: () => [owner, { ...owner, state: 'released' }, news, {}].map((value) => Buffer.from(JSON.stringify(value))),
  run: (input) => {
    const told = parseNews(input);
    if (told !== undefined) {
      noLong(told, 256);
      const body = { ...told, epoch: told.epoch.revision, registry: told.epoch.registry };
      same(JSON.stringify(parseNews(Buffer.from(JSON.stringify(body)))), JSON.stringify(told), 'read again and read');
      if (!Number.isSafeInteger(told.epoch.revision)) throw new Error(`the revision ${told.epoch.revision}`);
    }
    const held = ownerValueOf(parsed(input));
    if (held === undefined) return;
    noLong(held, 256);
    const { liveRevision = 0 } = held;
    if (!Number.isSafeInteger(liveRevision) || liveRevision < 0) throw new Error(`the revision ${liveRevision}`);
    same(JSON.stringify(ownerValueOf({ ...held })), JSON.stringify(held), 'read again and read');
  },
};

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(input).toString());
  } catch {
    return undefined;
  }
}

/** The members of a signed body, however its JSON is spaced. */
function textOf(body: Uint8Array): string {
  const { text, mac } = parsed(body) as { text: string; mac: string };
  return JSON.stringify([text, mac]);
}
