import { createHash } from 'node:crypto';
import { sign } from '../../../../src/admission/signed-url.js';
import { RawRtmp, type Received, statusOf } from '../../rtmp-client.js';
import { GOOD_CLAIMS, keyPair, tokenOf } from '../tokens.js';
import type { Attempt, Outcome } from './cases.js';

export const SIGNING_SECRET = 'CANARY-of-signatures';
export const TOKEN_SECRET = 'CANARY-of-tokens-with-thirty-two-characters';
export const RULE_KEY = 'CANARY-of-rules';
/** Address that is banned. */
export const BANNED_ADDRESS = '127.0.9.9';
/** The key that is banned. */
export const BANNED_KEY = 'CANARY-that-is-banned';
/** A user of Adobe authentication. */
export const ANNA = { user: 'anna', salt: 'salt', password: 'CANARY-of-anna' };
export const VERIFIER = md5(`${ANNA.user}${ANNA.salt}${ANNA.password}`);

const known = keyPair('rsa');
/** Keys that are read too late. */
export const KEY_SET = JSON.stringify({ keys: [{ ...known.jwk, kid: 'known', alg: 'RS256' }] });

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

/** The query of an attempt. @param secrets gets what must not be seen, besides the canaries */
function queryOf(attempt: Attempt, secrets: string[]): string {
  const { decider, kind, name, key, variant } = attempt;
  const keyed = `key=${decider === 'rules' && kind !== 'next' ? RULE_KEY : key}`;
  if (kind === 'next') return keyed;
  if (decider === 'signed') {
    const query = signedQuery(attempt);
    secrets.push(/s=([^&]+)/.exec(query)![1]!);
    return query;
  }
  if (decider === 'jwt') {
    const token = tokenFor(attempt);
    secrets.push(token);
    return `${keyed}&token=${token}`;
  }
  // Of what is banned, every fourth is a key.
  return decider === 'bans' && variant % 4 === 0 ? `key=${BANNED_KEY}` : `${keyed}&of=${name}`;
}

function signedQuery({ kind, name, variant }: Attempt): string {
  const expiresAtS = Math.floor(Date.now() / 1000) + 3600;
  const claim = { action: 'publish', app: 'live', name, expiresAtS } as const;
  if (kind === 'deny') {
    return variant % 2 === 0
      ? sign({ ...claim, name: 'another' }, SIGNING_SECRET)
      : sign({ ...claim, expiresAtS: 1_000_000_000 }, SIGNING_SECRET);
  }
  const query = sign(claim, SIGNING_SECRET);
  return kind === 'malformed' ? query.replace(/e=\d+/, 'e=tomorrow') : query;
}

function tokenFor({ kind, variant }: Attempt): string {
  const hs256 = (claims: object): string =>
    tokenOf({ alg: 'HS256', key: TOKEN_SECRET, claims: { ...GOOD_CLAIMS, ...claims } });
  switch (kind) {
    case 'deny':
      return hs256({
        sluice: { action: variant % 2 === 0 ? 'play' : 'publish', app: variant % 2 === 0 ? 'live' : 'other' },
      });
    case 'malformed':
      return hs256({ sluice: { action: 'publish', set: { name: '../x' } } });
    case 'unavailable':
    case 'late':
      return tokenOf({ alg: 'RS256', kid: 'known', key: known.privateKey });
    default:
      return hs256({});
  }
}

/** Whether an attempt is refused for its address: at connect, so that there is no event. */
export function isAddressBanned({ decider, kind, variant }: Attempt): boolean {
  return decider === 'bans' && kind === 'deny' && variant % 4 === 1;
}

/** The clients of the attempts, one connection for each. */
export class AttemptClients {
  /** What must not be seen, besides the canaries. */
  readonly secrets: string[] = [];
  readonly #port: number;
  readonly #open = new Map<string, RawRtmp>();

  constructor(port: number) {
    this.#port = port;
  }

  /** The client of a name goes without a goodbye. */
  leave(name: string): void {
    this.#open.get(name)?.socket.resetAndDestroy();
  }

  /**
   * Makes one attempt. What is accepted goes at once.
   *
   * @param until what is accepted stays so long
   */
  async make(attempt: Attempt, until?: Promise<unknown>): Promise<Outcome> {
    const { decider, kind, name } = attempt;
    if (decider === 'adobe' && kind !== 'next') return this.#asUser(attempt);
    const localAddress = isAddressBanned(attempt) ? BANNED_ADDRESS : '127.0.0.1';
    const client = await RawRtmp.shaken({ port: this.#port, localAddress });
    this.#open.set(name, client);
    try {
      client.command(0, 'connect', 1, { app: 'live', flashVer: 'FMLE/3.0', tcUrl: 'rtmp://127.0.0.1/live' });
      const connected = await answered(client);
      if (connected.values[0] === '_error') return codeOf(connected);
      const outcome = await this.#publish(client, attempt, `${name}?${queryOf(attempt, this.secrets)}`);
      await until;
      return outcome;
    } finally {
      client.destroy();
    }
  }

  async #publish(client: RawRtmp, { decider, kind }: Attempt, name: string): Promise<Outcome> {
    const id = await client.createStream();
    const from = client.received.length;
    client.command(id, 'publish', 0, null, name, 'live');
    if (kind === 'peer gone') {
      // Back ends have the client go while they are asked; with all others it goes as soon as it has asked.
      if (decider !== 'webhook' && decider !== 'nats') client.socket.end();
      await client.gone(20_000);
      return 'gone';
    }
    const answer = await client.expect((m) => m.values[0] === 'onStatus', 'an answer', { from, timeoutMs: 20_000 });
    return statusOf(answer).code === 'NetStream.Publish.Start' ? 'accepted' : codeOf(answer);
  }

  /** The three steps of Adobe authentication, each with a connection of its own. */
  async #asUser({ kind, name, variant }: Attempt): Promise<Outcome> {
    const { user, password } = ANNA;
    const first = await this.#refusedConnect(`adobe?authmod=adobe&user=${user}`);
    const given = new URLSearchParams(first.slice(first.indexOf('?') + 1));
    const [salt, opaque] = [given.get('salt')!, given.get('opaque')!];
    const isWrong = kind === 'deny' && variant % 2 === 0;
    const verifier = md5(`${user}${salt}${isWrong ? 'CANARY-that-is-wrong' : password}`);
    const response = md5(`${verifier}${opaque}0badcafe`);
    this.secrets.push(response);
    const shown = kind === 'malformed' ? opaque.slice(1) : opaque;
    const who = kind === 'deny' && !isWrong ? 'bert' : user;
    const app = `adobe?authmod=adobe&user=${who}&challenge=0badcafe&response=${response}&opaque=${shown}`;
    const client = await RawRtmp.shaken({ port: this.#port });
    try {
      client.command(0, 'connect', 1, { app, flashVer: 'FMLE/3.0', tcUrl: `rtmp://127.0.0.1/${app}` });
      if (kind === 'peer gone') return 'not connected';
      if ((await answered(client)).values[0] === '_error') return 'not connected';
      const id = await client.createStream();
      client.command(id, 'publish', 0, null, name, 'live');
      await client.status('NetStream.Publish.Start');
      return 'accepted';
    } finally {
      client.destroy();
    }
  }

  async #refusedConnect(app: string): Promise<string> {
    const client = await RawRtmp.shaken({ port: this.#port });
    client.command(0, 'connect', 1, { app, flashVer: 'FMLE/3.0', tcUrl: `rtmp://127.0.0.1/${app}` });
    const answer = await answered(client);
    client.destroy();
    return String(statusOf(answer).description);
  }
}

function answered(client: RawRtmp): Promise<Received> {
  return client.expect(({ values }) => values[0] === '_result' || values[0] === '_error', 'an answer to connect', {
    timeoutMs: 20_000,
  });
}

function codeOf(answer: Received): Outcome {
  return String(statusOf(answer).description).replace(/:.*/s, '') as Outcome;
}
