// Questions of a newcomer to this repository, each with the one file and the symbol that answers it.
// test/policy/stranger.test.ts checks that the symbol is defined there and nowhere else in src and assembly. `npm run
// docs` prints the table as docs/internals/where-is-what.md. When a symbol moves, its line here moves with it.

/** `symbol` is a function, a class or a constant of the file, or a member of a class of it (`Class.member`). */
export const WHERE = [
  { question: 'Where does a byte enter the process?', file: 'src/transport/tcp/channel.ts', symbol: 'takeOver' },
  {
    question: 'Where does a byte leave the process?',
    file: 'src/transport/tcp/channel.ts',
    symbol: 'TcpChannel.write',
  },
  {
    question: 'Where is a handshake answered?',
    file: 'src/protocol/handshake/handshake.ts',
    symbol: 'ServerHandshake',
  },
  { question: 'Where is a chunk header read?', file: 'assembly/reader.ts', symbol: 'read' },
  { question: 'Where is a message written anew for players?', file: 'assembly/framer.ts', symbol: 'appendPayload' },
  { question: 'Where is a timestamp that jumps mended?', file: 'assembly/timeline.ts', symbol: 'settleTimestamp' },
  { question: 'Where is AMF0 scanned?', file: 'assembly/amf0.ts', symbol: 'scanAmf0' },
  {
    question: 'Where is a command of a peer carried out?',
    file: 'src/protocol/server/commands/index.ts',
    symbol: 'COMMANDS',
  },
  {
    question: 'Where does it say what a NetStream may do in which state?',
    file: 'src/protocol/server/transitions.ts',
    symbol: 'NET_STREAM_TABLE',
  },
  { question: 'Where is a name won?', file: 'src/hub/hub.ts', symbol: 'Hub.claim' },
  { question: 'Where is a publish decided?', file: 'src/live/publish-decisions.ts', symbol: 'PublishDecisions.decide' },
  { question: 'Where is a play refused?', file: 'src/live/play-accounting.ts', symbol: 'PlayAccounting.begin' },
  { question: 'Where is the run of a job cut off?', file: 'src/live/job-access.ts', symbol: 'JobAccess.issue' },
  {
    question: 'Where is an address held back that comes and goes?',
    file: 'src/live/churn-guard.ts',
    symbol: 'ChurnGuard',
  },
  { question: 'Where does the media of a stream lie?', file: 'src/hub/stream-log.ts', symbol: 'StreamLog' },
  { question: 'Where is a GOP kept?', file: 'src/hub/gop.ts', symbol: 'Gop' },
  {
    question: 'Where are sequence headers kept for late joiners?',
    file: 'src/hub/header-cache.ts',
    symbol: 'HeaderCache',
  },
  { question: 'Where does a slow player skip?', file: 'src/hub/player.ts', symbol: 'Player.#skip' },
  { question: 'Where is it decided when players are served?', file: 'src/hub/fanout.ts', symbol: 'Fanout' },
  {
    question: 'Where is a codec told from its configuration?',
    file: 'src/media/track-facts.ts',
    symbol: 'configFacts',
  },
  { question: 'Where does an event get its envelope?', file: 'src/events/envelope.ts', symbol: 'streamEvent' },
  { question: 'Where is a subject spelled?', file: 'src/events/subjects.ts', symbol: 'formatSubject' },
  {
    question: 'Where is an event written to disk?',
    file: 'src/events/journal/storage.ts',
    symbol: 'FileStorage.write',
  },
  { question: 'Where is a PubAck awaited?', file: 'src/nats/ack-inbox.ts', symbol: 'AckInbox.publish' },
  {
    question: 'Where is the end of a dead server’s streams told?',
    file: 'src/events/bus/lost-node.ts',
    symbol: 'LostNode.endStreams',
  },
  {
    question: 'Where does it say which events a webhook has still to deliver?',
    file: 'src/webhooks/backlog.ts',
    symbol: 'Backlog',
  },
  { question: 'Where is a data folder locked?', file: 'src/events/journal/dir-lock.ts', symbol: 'lockDir' },
  { question: 'Where is a stream key masked?', file: 'src/core/tell.ts', symbol: 'tellText' },
  {
    question: 'Where are the bytes of a client that failed written?',
    file: 'src/rtmp/captures.ts',
    symbol: 'Captures',
  },
  { question: 'Where is a setting’s default?', file: 'src/config/table.ts', symbol: 'TABLE' },
  { question: 'Where is an error code listed?', file: 'src/core/errors.ts', symbol: 'ERRORS' },
  {
    question: 'Where does it say what gives way when memory is short?',
    file: 'src/core/memory-account.ts',
    symbol: 'RELIEF_ORDER',
  },
  { question: 'Where is a metric named?', file: 'src/model/metrics.ts', symbol: 'METRICS' },
  { question: 'Where is a path of HTTP answered?', file: 'src/http/server.ts', symbol: 'createHttpServer' },
  {
    question: 'Where does it say what can be asked of a node?',
    file: 'src/control/operations.ts',
    symbol: 'OPERATIONS',
  },
  { question: 'Where is a token compared?', file: 'src/http/tokens.ts', symbol: 'HttpTokens' },
  { question: 'Where is an exit code chosen?', file: 'src/cli/exit-codes.ts', symbol: 'exitCodeOf' },
];

/** docs/internals/where-is-what.md. */
export function renderWhere() {
  const lines = [
    '# Where is what',
    '',
    '<!-- Made by `npm run docs` from scripts/where.mjs; a test compares, and holds that each symbol is defined there and nowhere else. -->',
    '',
    '| question | file | symbol |',
    '|---|---|---|',
  ];
  for (const { question, file, symbol } of WHERE)
    lines.push(`| ${question} | [${file}](../../${file}) | \`${symbol}\` |`);
  return `${lines.join('\n')}\n`;
}
