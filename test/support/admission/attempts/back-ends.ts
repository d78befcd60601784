import type { NatsRequests, NatsSubscription } from '../../../../src/nats/requests.js';
import { rawAnswer, rawHttp } from '../raw-http.js';

/** Longer than a reply may be. */
const TOO_LONG = JSON.stringify({ decision: 'allow', principal: 'x'.repeat(70_000) });

/** A question, as far as back ends look at it. */
interface Asked {
  readonly name: string;
  readonly connectionId: string;
  readonly credentials: { readonly query: Readonly<Record<string, string>> };
}

/** What the back ends need of the test. */
export interface BackEndParts {
  /** Makes the client of a name go, and resolves once the server knows. */
  readonly leave: (name: string, connectionId: string) => Promise<void>;
  /** Resolves when the client of a name has its answer, so that nobody waits for another one. */
  readonly told: (name: string) => Promise<void>;
}

/** An answer: its text, or what is done instead. */
type Said = string | 'silence' | 'unavailable';

/** What a back end says to a question, by the name that it is about. */
async function answerTo(self: 'webhook' | 'nats', asked: Asked, { leave, told }: BackEndParts): Promise<Said> {
  const [decider, kind, ...rest] = asked.name.split('-');
  const allow = JSON.stringify({ decision: 'allow', principal: `by ${self}` });
  // Who is banned by key or as a principal is let in by the first back end.
  if (decider === 'bans' && kind === 'deny' && self === 'webhook')
    return JSON.stringify({ decision: 'allow', principal: asked.name });
  if (decider !== self) return JSON.stringify({ decision: 'next' });
  switch (kind) {
    case 'allow':
      return allow;
    case 'deny':
      return JSON.stringify({ decision: 'deny', code: 'NO_CONTRACT', message: 'pay first' });
    case 'next':
      return JSON.stringify({ decision: 'next' });
    case 'malformed':
      return malformed(Number(rest.at(-1)), asked.credentials.query['key'] ?? '');
    case 'late':
      await told(asked.name);
      return allow;
    case 'peer':
      await leave(asked.name, asked.connectionId);
      return allow;
    case 'unavailable':
      return 'unavailable';
    default:
      return 'silence';
  }
}

/** Replies that cannot be used; some have the client's key in them. */
function malformed(variant: number, key: string): string {
  const replies = [
    '<html>503 this is no JSON</html>',
    JSON.stringify({ decision: 'maybe' }),
    JSON.stringify({ decision: 'allow', ttlMs: '60' }),
    JSON.stringify({ decision: 'allow', name: '../x' }),
    JSON.stringify({ decision: 'allow', principal: key }),
    JSON.stringify({ decision: 'allow', labels: { key } }),
    JSON.stringify({ decision: 'deny', message: `no such key: ${key}` }),
    TOO_LONG,
  ];
  return replies[variant % replies.length]!;
}

/** A webhook that answers as the names of its questions say. @returns its URL */
export async function webhookBackEnd(parts: BackEndParts): Promise<string> {
  let unavailable = 0;
  const { url } = await rawHttp(({ body, socket }) => {
    void answerTo('webhook', JSON.parse(body) as Asked, parts).then((said) => {
      if (said === 'silence' || socket.destroyed) return;
      if (said !== 'unavailable') socket.write(rawAnswer(200, said));
      else if (unavailable++ % 2 === 0) socket.write(rawAnswer(503, ''));
      else socket.destroy();
    });
  });
  return url;
}

/** A responder on NATS that answers as the names of its questions say, until it is closed. */
export function natsBackEnd(requests: NatsRequests, parts: BackEndParts): NatsSubscription {
  return requests.subscribe('sluice.v1.auth.*', 'auth', (message) => {
    const asked = JSON.parse(Buffer.from(message.body).toString()) as Asked;
    void answerTo('nats', asked, parts).then((said) => {
      if (said !== 'silence' && said !== 'unavailable') message.reply(Buffer.from(said));
    });
  });
}

/** A key set that is not there until it is asked for once more, and is answered late then. */
export async function keySetBackEnd(set: string) {
  const waiting: (() => void)[] = [];
  let isHeld = false;
  let askedMs = Number.NEGATIVE_INFINITY;
  const { url } = await rawHttp(({ socket }) => {
    askedMs = performance.now();
    if (isHeld) waiting.push(() => socket.write(rawAnswer(200, set)));
    else socket.write(rawAnswer(503, ''));
  });
  return {
    url,
    /** How long nobody has asked, in ms. */
    idleMs: () => performance.now() - askedMs,
    /** From now on questions wait. */
    hold: () => {
      isHeld = true;
    },
    waiting: () => waiting.length,
    /** Answers those that wait. */
    release: () => {
      for (const answer of waiting.splice(0)) answer();
    },
  };
}
