import { z } from '../core/zod.js';
import {
  ACTIONS,
  adobeUsersSchema,
  jwtKeysSchema,
  limitsSchema,
  type OnUnavailable,
  onUnavailableSchema,
  rulesSchema,
  signedKeysSchema,
} from './auth-schemas.js';
import { count, milliseconds, oneOf, pattern, type Setting, structure, text, toggle, words } from './setting.js';

const HOUR = 3_600_000;

/** The responders that may be asked, in the order in which they are when `auth.responders` is empty. */
export const RESPONDERS = ['rules', 'signed', 'jwt', 'adobe', 'webhook', 'nats'] as const;

const LIVE = { reload: 'live' } as const;
const SECRET = { reload: 'live', secret: true } as const;

const timeout = (who: string): Setting<number> =>
  milliseconds(
    10,
    60_000,
    2000,
    `How long ${who} may take for one answer. It is asked once more when that failed and auth.budgetMs allows.`,
    LIVE,
  );

/** `jt` is the parameter of tickets of jobs, which no responder gets to see. */
const parameter = (what: string, fallback: string): Setting<string> =>
  pattern(/^(?!jt$)[A-Za-z0-9_.-]{1,64}$/, 'letters, digits, _ . and -, and not jt', fallback, what, LIVE);

const asks = (who: string): Setting<readonly (typeof ACTIONS)[number][]> =>
  words(
    z.enum(ACTIONS),
    'a list of connect, publish and play',
    ['publish', 'play'],
    `What ${who} is asked about.`,
    LIVE,
  );

/** Settings of admission: the group `auth` of the table. */
export const AUTH_SETTINGS = {
  responders: words(
    z.enum(['bans', ...RESPONDERS]),
    'a list of bans, rules, signed, jwt, adobe, webhook and nats',
    [],
    'Who is asked whether a client may connect, publish and play, in this order; bans come first in any case. The first answer that is not `next` counts; all `next` is a refusal. Empty: each responder that has its settings, in the order rules, signed, jwt, adobe, webhook, nats; when none has, everything is accepted.',
    LIVE,
  ),
  rules: structure(
    rulesSchema,
    'a list of {name, match, key, decision, set}',
    [],
    'Rules; the first that matches decides. `match`: action, app, name (globs), cidr, transport. `key`: {sha256} or {scrypt} of the key that a client must give. `set`: members of a reply.',
    SECRET,
  ),
  keyParameter: parameter('Parameter of the URL’s query in which a client gives its key for auth.rules.', 'key'),
  nameIsKey: words(
    z.string().min(1).max(512),
    'a list of apps',
    [],
    'Apps in which the stream name is the client’s key, as with Twitch and YouTube. The name is a secret then, and a responder has to name an alias (`name`).',
    LIVE,
  ),
  allowAnonymousPublish: toggle(
    false,
    'Whether a server on an address that others can reach starts although nobody is asked who may publish.',
  ),
  sendSecrets: toggle(
    true,
    'Whether webhook and NATS responders get the query of the URL. If not they get key fingerprints only.',
    LIVE,
  ),
  salt: text(
    256,
    '',
    'Secret from which key fingerprints are made, the same on all nodes, so that bans hold on each. Empty: one that this installation made.',
    { secret: true, env: 'SLUICE_AUTH_SALT' },
  ),
  budgetMs: milliseconds(100, 60_000, 5000, 'How long all responders together may take for one decision.', LIVE),
  maxPending: count(
    1,
    100_000,
    1024,
    'Most decisions at once; past it a request is refused and nobody is asked.',
    LIVE,
  ),
  denyCacheMs: milliseconds(
    0,
    600_000,
    2000,
    'How long a refusal is repeated to the same client with the same key and name without asking again; 0: not at all.',
    LIVE,
  ),
  failuresPerMinutePerIp: count(
    0,
    100_000,
    10,
    'So many different wrong keys from one address in a minute ban the address for 60 s; 0: never. Loopback addresses are not banned.',
    LIVE,
  ),
  onUnavailable: structure<OnUnavailable>(
    onUnavailableSchema,
    '`deny`, `allow`, or {connect, publish, play} with one of them each',
    { connect: 'deny', publish: 'deny', play: 'deny' },
    'What is decided while no responder can be asked. What is allowed so has the label `unauthenticated: true`, and is asked again every 30 s.',
    LIVE,
  ),
  renewGraceMs: milliseconds(
    0,
    HOUR,
    30_000,
    'How long a stream whose time is over goes on while nobody can be asked again.',
    LIVE,
  ),
  redirectHosts: words(
    z.string().min(1).max(253),
    'a list of host names',
    [],
    'Hosts to which a responder may send clients (`redirectUrl`).',
    LIVE,
  ),
  limits: structure(
    limitsSchema,
    'a group of kbps, fps, width, height, codecs, maxGopMs, tracks, durationMs, maxPlayers, sessions, action',
    {},
    'Bounds of every stream; a reply may only lower them. `action: warn` tells it in stream.updated and ends nothing.',
    LIVE,
  ),
  signed: {
    keys: structure(
      signedKeysSchema,
      'a list of {id, secret}, or a group of id: secret',
      [],
      'Keys of signed URLs (`?e=…&s=…&k=<id>`), each with at least 16 characters. The first is used for URLs without `k`.',
      SECRET,
    ),
    skewMs: milliseconds(0, HOUR, 30_000, 'How far the clocks may differ.', LIVE),
  },
  jwt: {
    keys: structure(
      jwtKeysSchema,
      'a list of {kid, alg, secret} or {kid, alg, publicKey}',
      [],
      'Keys of JSON Web Tokens. `alg`: HS256 with a secret, RS256 or EdDSA with a public key (PEM, or the path of a file). A key takes tokens of its algorithm only.',
      SECRET,
    ),
    jwks: text(2048, '', 'Path or https URL of a JSON Web Key Set.', { reload: 'live', place: true }),
    audience: text(1024, '', 'What `aud` of a token must name. Required with auth.jwt.keys or auth.jwt.jwks.', LIVE),
    issuer: text(1024, '', 'What `iss` of a token must be; empty: anything.', LIVE),
    parameter: parameter('Parameter of the URL’s query in which a client gives its token.', 'token'),
    onExpiry: oneOf(['end', 'ignore'], 'end', 'What happens to a stream when its token expires.', LIVE),
  },
  adobe: {
    users: structure(
      adobeUsersSchema,
      'a list of {user, salt, verifier}',
      [],
      'Users of Adobe authentication (`authmod=adobe`), for encoders that have a user and a password field. `verifier`: base64 of MD5(user + salt + password). The password is not protected on the way, so use it over TLS.',
      SECRET,
    ),
  },
  webhook: {
    url: text(2048, '', 'http or https URL that is asked by POST.', {
      env: 'SLUICE_AUTH_WEBHOOK_URL',
      servers: true,
      reload: 'live',
    }),
    secret: text(1024, '', 'Secret of the Sluice-Signature header; empty: requests are not signed.', {
      secret: true,
      reload: 'live',
    }),
    dialect: oneOf(
      ['sluice', 'srs', 'nginx-rtmp'],
      'sluice',
      'Form of request and answer: Sluice’s own, or that of another server, so that a back end made for it works unchanged.',
      LIVE,
    ),
    timeoutMs: timeout('the webhook'),
    actions: asks('the webhook'),
  },
  nats: {
    enabled: toggle(false, 'Whether responders on NATS are asked (`sluice.v1.auth.<action>`).', LIVE),
    timeoutMs: timeout('a responder on NATS'),
    actions: asks('a responder on NATS'),
  },
} as const;

/** `publish.conflict`. */
export const CONFLICT_SETTING = oneOf(
  ['auto', 'reject', 'takeover', 'resume'],
  'auto',
  'What happens when a name is published already. `reject`: the newcomer is refused. `takeover`: the older stream ends. `resume`: a client with the same principal takes its place in the same stream. `auto`: `resume` when a responder named a principal, else `reject`.',
  { reload: 'new' },
);
