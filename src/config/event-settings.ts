import { bytes, count, milliseconds, oneOf, pattern, text, toggle } from './setting.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** Settings of the connection to NATS: the group `nats` of the table. */
export const NATS_SETTINGS = {
  url: text(
    4096,
    '',
    'NATS servers, separated by commas: `nats://host:4222`. Empty: no NATS; events are in the embedded log only.',
    {
      env: 'SLUICE_NATS_URL',
      servers: true,
      flag: '--nats URL',
    },
  ),
  creds: text(4096, '', 'Path of a NATS credentials file (JWT and seed).'),
  nkey: text(256, '', 'NATS nkey seed.', { secret: true }),
  token: text(4096, '', 'NATS token.', { secret: true }),
  user: text(256, '', 'NATS user.'),
  password: text(4096, '', 'NATS password.', { secret: true }),
  tls: {
    ca: text(4096, '', 'Path of the CA certificate that the NATS server must be signed by (PEM).'),
    cert: text(4096, '', 'Path of the client certificate (PEM).'),
    key: text(4096, '', 'Path of the client certificate’s key (PEM).'),
  },
  replicas: count(
    1,
    5,
    1,
    'Replicas of the JetStream stream when Sluice creates it. More than 1 needs nats-server 2.10.27 or later: older ones lose acknowledged events.',
  ),
} as const;

/** Settings of events, their journal and their stream on NATS: the group `events` of the table. */
export const EVENTS_SETTINGS = {
  prefix: pattern(
    /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,7}$/,
    'subject tokens of letters, digits, _ and - with dots between',
    'sluice.v1',
    'First tokens of every NATS subject.',
  ),
  stream: pattern(
    /^[A-Za-z0-9_-]{1,64}$/,
    'letters, digits, _ and -',
    'SLUICE_EVENTS',
    'JetStream stream that keeps the events; made when missing.',
  ),
  maxJournalBytes: bytes(
    1 * MiB,
    1024 * GiB,
    256 * MiB,
    'Disk for events that wait for NATS, and for the embedded log.',
  ),
  fsync: oneOf(
    ['interval', 'always', 'never'],
    'interval',
    'When the journal is forced to disk. The start of a stream always is, before the encoder is answered.',
  ),
  fsyncIntervalMs: milliseconds(1, 60_000, 50, 'How often, with events.fsync `interval`.'),
  onBusDown: oneOf(
    ['accept', 'reject_new', 'drain'],
    'accept',
    'What happens to publishes while NATS cannot be reached.',
  ),
  plays: toggle(true, 'Whether play.started and play.ended are told.'),
} as const;
