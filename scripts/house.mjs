// The folders of src/: what each is, the floor it stands on, and which others it imports. This is the one place of all
// three. A policy test holds the code to it: an import that is not named here fails it, and so does a name here that no
// import uses. `npm run docs` draws ARCHITECTURE.md's picture and table from it.

/**
 * Floors from the top. A folder imports only from lower floors. The folders of the wings floor know nothing of each
 * other.
 */
export const FLOORS = [
  { floor: 10, name: 'command line; the page' },
  { floor: 9, name: 'composition root' },
  { floor: 8, name: 'wings: none imports another' },
  { floor: 7, name: 'what all doors share' },
  { floor: 6, name: 'domain; load generator beside' },
  { floor: 5, name: 'streams; clients beside' },
  { floor: 4, name: 'links, media readers and jobs' },
  { floor: 3, name: 'protocol and events' },
  { floor: 2, name: 'edges' },
  { floor: 1, name: 'ground' },
];

/** By folder, from the top down. `index` is src/index.ts, and so on for every file that stands in src/ itself. */
export const FOLDERS = {
  cli: {
    floor: 10,
    what: 'the command line',
    imports: [
      ...[
        'server',
        'http',
        'admission',
        'control',
        'traces',
        'load',
        'client',
        'jobs',
        'inspect',
        'events',
        'nats',
        'wasm',
      ],
      ...['flv', 'config', 'model', 'core'],
    ],
  },
  index: {
    floor: 10,
    what: 'the library: `createServer`',
    imports: ['server', 'events', 'config', 'model', 'core'],
  },
  page: {
    floor: 10,
    what: 'the page that the browser shows; the build makes one script of it, and nothing here runs in Node',
    imports: ['core', 'model'],
  },
  server: {
    floor: 9,
    what: 'composition root: makes the parts, ties them, starts and stops them',
    imports: [
      'rtmp',
      'relay',
      'cluster',
      'http',
      'http-flv',
      'admission',
      'control',
      'webhooks',
      'traces',
      'recording',
      'vod',
      'doors',
      'live',
      'hub',
      'shared-objects',
      'jobs',
      'events',
      'nats',
      'wasm',
      'transport',
      'config',
      'model',
      'core',
    ],
  },
  rtmp: {
    floor: 8,
    what: 'one RTMP connection, the listener, plays, publishes, deadlines',
    imports: [
      ...[
        'doors',
        'live',
        'hub',
        'shared-objects',
        'link',
        'inspect',
        'protocol',
        'wasm',
        'transport',
        'model',
        'core',
      ],
    ],
  },
  http: {
    floor: 8,
    what: 'health, metrics, events, sessions, and the routes that control makes',
    imports: ['events', 'config', 'model', 'core'],
  },
  'http-flv': {
    floor: 8,
    what: 'players over HTTP and WebSocket: requests, answers, deadlines, a listener of their own',
    imports: ['doors', 'live', 'hub', 'transport', 'model', 'core'],
  },
  admission: {
    floor: 8,
    what: 'who may connect, publish and play: the chain of responders, and bans',
    imports: ['live', 'nats', 'http-client', 'config', 'model', 'core'],
  },
  control: {
    floor: 8,
    what: 'one table of operations; HTTP, NATS and the command line are skins over it',
    imports: ['live', 'events', 'nats', 'config', 'model', 'core'],
  },
  webhooks: {
    floor: 8,
    what: 'posts the events of the journal to HTTP servers: order, retries, cursors, dead letters, forms',
    imports: ['events', 'http-client', 'config', 'core'],
  },
  recording: {
    floor: 8,
    what: 'files below one root: what is recorded, and what is played from there',
    imports: ['doors', 'hub', 'events', 'flv', 'model', 'core'],
  },
  vod: {
    floor: 8,
    what: 'files that clients play: readers, indexes, a pace for each player',
    imports: ['doors', 'live', 'protocol', 'mp4', 'flv', 'core'],
  },
  relay: {
    floor: 8,
    what: 'streams that are published to other servers, and those that are fetched from them',
    imports: ['doors', 'live', 'hub', 'client', 'link', 'events', 'wasm', 'transport', 'model', 'core'],
  },
  cluster: {
    floor: 8,
    what: 'several nodes on one NATS: where the others are, and which of them has which name',
    imports: ['live', 'events', 'nats', 'model', 'core'],
  },
  traces: {
    floor: 8,
    what: 'spans of streams and jobs for OpenTelemetry, made of events',
    imports: ['live', 'events', 'core'],
  },
  doors: {
    floor: 7,
    what: 'what connections of every kind share: asks the fact side, opens publications and players in the hub, reports on them',
    imports: ['live', 'hub', 'protocol', 'wasm', 'model', 'core'],
  },
  live: {
    floor: 6,
    what: 'the domain, or fact side: who may publish and play, what a live stream is, what is told of it',
    imports: ['events', 'model', 'core'],
  },
  hub: {
    floor: 5,
    what: 'publications, stream log, players, audience, fan-out',
    imports: ['media', 'flv', 'wasm', 'transport', 'model', 'core'],
  },
  'shared-objects': {
    floor: 5,
    what: 'remote shared objects: slots, who uses them, their files',
    imports: ['protocol', 'model', 'core'],
  },
  load: {
    floor: 6,
    what: 'the load generator',
    imports: ['client', 'media', 'protocol', 'wasm', 'flv', 'core'],
  },
  client: {
    floor: 5,
    what: 'the RTMP client, the event consumers and workers for jobs, for programs',
    imports: ['jobs', 'link', 'protocol', 'events', 'wasm', 'transport', 'nats', 'flv', 'model', 'core'],
  },
  jobs: {
    floor: 4,
    what: 'job templates, records, claims and runs: a process of its own beside the server',
    imports: ['events', 'nats', 'http-client', 'config', 'model', 'core'],
  },
  link: {
    floor: 4,
    what: 'one end of an RTMP connection, server or client: handshake and reading',
    imports: ['protocol', 'wasm', 'transport', 'model', 'core'],
  },
  inspect: {
    floor: 4,
    what: 'reads recorded bytes as the codec does, plainly, with positions; says what may be shown of them',
    imports: ['protocol', 'wasm', 'core'],
  },
  media: {
    floor: 4,
    what: 'what sequence headers, frames and metadata say',
    imports: ['wasm', 'model', 'core'],
  },
  protocol: {
    floor: 3,
    what: 'handshake, messages, server and client session; pure: bytes and time in, actions out',
    imports: ['wasm', 'model', 'core'],
  },
  events: {
    floor: 3,
    what: 'event types, schemas, lifecycle, journal, event log, the bus on NATS',
    imports: ['nats', 'model', 'core'],
  },
  wasm: { floor: 2, what: 'instances of the WASM module, their pool, the codec around one', imports: ['core'] },
  transport: { floor: 2, what: 'byte channels and limits of accepting them', imports: ['model', 'core'] },
  nats: { floor: 2, what: 'NATS connection, JetStream requests, buckets, time-outs', imports: ['core'] },
  'http-client': { floor: 2, what: 'requests to the HTTP servers of others: bounded, signed', imports: ['core'] },
  flv: { floor: 2, what: 'FLV files', imports: ['core'] },
  mp4: { floor: 2, what: 'MP4 files: where their samples are', imports: ['core'] },
  config: { floor: 2, what: 'one table of settings and how they are loaded', imports: ['model', 'core'] },
  model: { floor: 1, what: 'the nouns that all folders speak: peer, track, totals, reasons, snapshot', imports: [] },
  core: { floor: 1, what: 'errors, log, clocks, ids, escaping, token buckets, memory account', imports: [] },
};

/** The picture of the floors, as lines of text. */
export function renderFloors() {
  return FLOORS.map(({ floor, name }) => {
    const folders = Object.keys(FOLDERS).filter((folder) => FOLDERS[folder].floor === floor && folder !== 'index');
    return ` ${floor}  ${folders
      .map((folder) => `${folder}/`)
      .join('  ')
      .padEnd(44)} ${name}`;
  });
}

/** The table of the folders, as lines of Markdown. */
export function renderFolders() {
  const lines = ['| folder | what | imports |', '|---|---|---|'];
  for (const [folder, { what, imports }] of Object.entries(FOLDERS)) {
    const name = folder === 'index' ? '`src/index.ts`' : `\`src/${folder}/\``;
    lines.push(`| ${name} | ${what} | ${imports.join(', ') || 'nothing'} |`);
  }
  return lines;
}
