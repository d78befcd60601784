/** Whose fault an error is: the peer's bytes or behaviour, the operator's set-up, or a defect of ours. */
export type Blame = 'peer' | 'operator' | 'internal';

/** One row of the registry: who is to blame, what happened and was expected, and what to do about it. */
export interface ErrorEntry {
  readonly blame: Blame;
  /** What happened and what was expected; one sentence without a final stop. */
  readonly says: string;
  /** What the reader can do. */
  readonly hint: string;
}

function entry(blame: Blame, says: string, hint: string): ErrorEntry {
  return { blame, says, hint };
}

/**
 * Every error code there is. The docs list exactly these (a policy test compares both ways). Codes are stable: match on them.
 */
export const ERRORS = {
  ERR_INTERNAL: entry(
    'internal',
    'an unexpected failure inside Sluice',
    'report it with the log line that names this code',
  ),
  ERR_AMF_UNWRITABLE: entry(
    'internal',
    'a value cannot be written as AMF0',
    'keep property names under 64 KiB and nesting under 64 levels',
  ),
  ERR_CHUNK_UNWRITABLE: entry(
    'internal',
    'a message cannot be framed as RTMP chunks',
    'keep payloads under 16 MiB and chunk stream ids within 2 to 65599',
  ),
  ERR_HANDSHAKE_VERSION: entry(
    'peer',
    'the first byte is no RTMP version; 3 was expected',
    'check that the peer speaks RTMP to this port',
  ),
  ERR_HANDSHAKE_ENCRYPTED: entry(
    'peer',
    'the peer asked for RTMPE, which this listener does not speak; version 3 was expected',
    'use rtmp:// or rtmps://',
  ),
  ERR_HANDSHAKE_HTTP: entry(
    'peer',
    'the peer speaks HTTP; an RTMP handshake was expected',
    'point HTTP clients at the HTTP port',
  ),
  ERR_HANDSHAKE_TLS: entry(
    'peer',
    'the peer speaks TLS; an RTMP handshake was expected',
    'point rtmps:// clients at the RTMPS port, or use rtmp://',
  ),
  ERR_SESSION_NOT_CONNECTED: entry(
    'peer',
    'a message came that needs connect first',
    'send connect before any other command',
  ),
  ERR_SESSION_ALREADY_CONNECTED: entry(
    'peer',
    'a second connect came; one per connection is allowed',
    'open another connection for another app',
  ),
  ERR_SESSION_CONNECT_REFUSED: entry(
    'peer',
    'the connect command was refused',
    'check the app part of the URL: a string of at most 1024 bytes',
  ),
  ERR_SESSION_CONNECT_TIMEOUT: entry(
    'peer',
    'no connect command came in time',
    'check the peer, or raise limits.connectTimeoutMs',
  ),
  ERR_SESSION_IDLE_TIMEOUT: entry(
    'peer',
    'the connection neither published nor played in time',
    'check the peer, or raise limits.connectTimeoutMs',
  ),
  ERR_SESSION_COMMAND_RATE: entry(
    'peer',
    'more commands came than limits.commandsPerSecond allows',
    'check the peer, or raise limits.commandsPerSecond',
  ),
  ERR_SESSION_PUBLISH_REFUSED: entry(
    'peer',
    'a publish was refused',
    'read the NetStream.Publish code and description that the encoder was sent',
  ),
  ERR_SESSION_PLAY_REFUSED: entry(
    'peer',
    'a play was refused',
    'read the NetStream.Play code and description that the player was sent',
  ),
  ERR_SESSION_PLAY_ENDED: entry(
    'peer',
    'the stream that was played has ended',
    'play it again when it is published again',
  ),
  ERR_SESSION_PING_TIMEOUT: entry(
    'peer',
    'the peer sent nothing, not even the answer to a ping',
    'check the network path to the peer',
  ),
  ERR_SESSION_KICKED: entry(
    'operator',
    "the connection was ended from the server's side",
    'read the description that goes with it',
  ),
  ERR_SESSION_SHUTDOWN: entry('operator', 'the server is shutting down', 'connect again, to another node or later'),
  ERR_CLIENT_TIMEOUT: entry(
    'peer',
    'the server did not answer in time',
    'check the address and that the server accepts this stream',
  ),
  ERR_CLIENT_REJECTED: entry(
    'peer',
    'the server refused the connect, publish or play',
    'read the RTMP code and description that came with it',
  ),
  ERR_CLIENT_URL: entry('operator', 'the RTMP URL cannot be used', 'write it as rtmp://host[:port]/app/name[?query]'),
  ERR_CLIENT_CONNECT: entry(
    'peer',
    'the server cannot be reached',
    'check the host and port, and that a server listens there',
  ),
  ERR_CLIENT_LOST: entry(
    'peer',
    'the connection to the server broke',
    "read the server's log; it gave no reason over RTMP",
  ),
  ERR_CLIENT_ABORTED: entry('operator', 'the attempt was given up on request', 'nothing to do'),
  ERR_CLIENT_ENDED: entry('peer', 'the server ended the stream', 'nothing to do when the stream was meant to end'),
  ERR_CONFIG_UNKNOWN_KEY: entry(
    'operator',
    'there is no such setting',
    'see docs/config.md or `sluice config` for every key',
  ),
  ERR_CONFIG_INVALID_VALUE: entry('operator', 'a setting has a value that is not accepted', 'change the value there'),
  ERR_CONFIG_SECRET_IN_FLAG: entry(
    'operator',
    'a secret was given on the command line, where other users of the machine can read it',
    'set it in the environment or in the configuration file',
  ),
  ERR_CONFIG_FILE_UNREADABLE: entry(
    'operator',
    'the configuration file cannot be read',
    'check the path that --config or SLUICE_CONFIG gives, and its permissions',
  ),
  ERR_CONFIG_FILE_SYNTAX: entry(
    'operator',
    'the configuration file is not YAML with keys and values',
    'mend it at the place that is named',
  ),
  ERR_LIMIT_CONNECTIONS: entry(
    'operator',
    'the server holds as many connections as limits.maxConnections allows',
    'raise limits.maxConnections, or add a node',
  ),
  ERR_LIMIT_CONNECTIONS_PER_IP: entry(
    'peer',
    'one address holds as many connections as limits.maxConnectionsPerIp allows',
    'close some, or raise limits.maxConnectionsPerIp if many clients share that address',
  ),
  ERR_LIMIT_PREAUTH_BYTES: entry(
    'peer',
    'the peer sent more than limits.preAuthBytes without publishing or playing',
    'publish or play right after connect',
  ),
  ERR_LIMIT_INBOUND_RATE: entry(
    'peer',
    'a player sent more than play.inboundBytesPerSecond',
    'players send acknowledgements and commands only; raise the limit if this client needs more',
  ),
  ERR_LIMIT_UNREAD: entry('peer', 'the peer keeps asking and does not read the answers', 'read from the connection'),
  ERR_LIMIT_MEMORY: entry(
    'operator',
    'the media held for players has reached limits.memoryBytes',
    'raise limits.memoryBytes, or lower hub.gopMaxBytes and play.maxLagBytes',
  ),
  ERR_HANDSHAKE_TIMEOUT: entry(
    'peer',
    'the handshake was not finished in time',
    'check that the client speaks RTMP; see limits.firstBytesTimeoutMs and limits.handshakeTimeoutMs',
  ),
  ERR_PUBLISH_NO_MEDIA: entry(
    'peer',
    'nothing came within publish.firstFrameTimeoutMs of the start',
    'start the encoder before it publishes, or raise the limit',
  ),
  ERR_PUBLISH_IDLE: entry(
    'peer',
    'no audio and no video came for publish.idleTimeoutMs',
    'check the encoder and its network, or raise the limit',
  ),
  ERR_PUBLISH_BUSY: entry(
    'peer',
    'somebody else is publishing under this name',
    'choose another name, or stop the other publisher',
  ),
  ERR_NAME_INVALID: entry(
    'peer',
    'the app or stream name cannot be used',
    'use letters, digits and _ . ~ = + @ / - only; see names.allow',
  ),
  ERR_PLAY_STALLED: entry(
    'peer',
    'the player took nothing for play.stallTimeoutMs',
    'check the player and its network',
  ),
  ERR_PLAY_NOT_FOUND: entry('peer', 'nobody publishes under this name', 'publish first, or set play.waitForPublisher'),
  ERR_PEER_CLOSED: entry('peer', 'the peer closed the connection', 'nothing to do when it was meant to'),
  ERR_PEER_RESET: entry('peer', 'the connection was cut', 'check the network between peer and server'),
  ERR_DATA_FOLDER: entry(
    'operator',
    'the data folder cannot be used',
    'give a folder that this user may write to with --data; a damaged installation.json may be removed: the node then gets a new id',
  ),
  ERR_LISTEN: entry(
    'operator',
    'the server cannot listen on this address',
    'choose a free port and an address of this machine with --rtmp and --http',
  ),
  ERR_HTTP_NOT_FOUND: entry('peer', 'there is nothing at this path', 'GET / lists what there is'),
  ERR_HTTP_STREAM_UNKNOWN: entry(
    'peer',
    'no live stream has this id',
    'GET /v1/streams lists the live ones; those that ended are in GET /v1/events',
  ),
  ERR_HTTP_BAD_REQUEST: entry('peer', 'the request cannot be understood', 'see the README for the HTTP interface'),
  ERR_HTTP_HOST_REFUSED: entry(
    'peer',
    'the Host header names a host that this server does not answer for',
    'use an address or localhost, or add the name to http.allowedHosts',
  ),
  ERR_HTTP_FOLLOWERS: entry(
    'peer',
    'as many clients follow the events as the server allows',
    'close one, or raise http.maxEventClients',
  ),
  ERR_FLV_SIGNATURE: entry(
    'peer',
    'this is no FLV: it must start with "FLV", version 1 and a file header',
    'make one with: ffmpeg -i INPUT -c copy -f flv OUTPUT.flv',
  ),
  ERR_FLV_TAG: entry(
    'peer',
    'the FLV is damaged: audio (8), video (9) or script (18) was expected where the next tag starts',
    'remux it, or cut it at the byte that is named',
  ),
  ERR_FLV_TAG_SIZE: entry('peer', 'an FLV tag is too large', 'check the file; a tag holds at most 16777215 bytes'),
  ERR_FLV_FILE: entry(
    'operator',
    'the FLV file cannot be read or written',
    'check the path, its rights and the space left',
  ),
  ERR_CHUNK_FRESH_HEADER: entry(
    'peer',
    'a chunk stream began with a fmt 2 or fmt 3 header; fmt 0 or fmt 1 was expected',
    'the peer is out of step: reconnect; if it repeats, capture the traffic',
  ),
  ERR_CHUNK_MID_MESSAGE: entry(
    'peer',
    'a fmt 0, 1 or 2 header came in the middle of a message; fmt 3 was expected',
    'the peer is out of step: reconnect; if it repeats, capture the traffic',
  ),
  ERR_CHUNK_SIZE_INVALID: entry(
    'peer',
    'Set Chunk Size carried 0 or a value above 7FFFFFFF; 1 to 7FFFFFFF was expected',
    'update or report the peer',
  ),
  ERR_CHUNK_SIZE_TOO_SMALL: entry(
    'peer',
    'Set Chunk Size is under limits.chunkSizeMin',
    'lower limits.chunkSizeMin if this peer must be served',
  ),
  ERR_CHUNK_STREAM_LIMIT: entry(
    'peer',
    'more chunk stream ids are in use than limits.chunkStreams allows',
    'raise limits.chunkStreams (at most 64) if this peer must be served',
  ),
  ERR_CHUNK_PARTIAL_LIMIT: entry(
    'peer',
    'more messages are unfinished at once than limits.partialMessages allows',
    'raise limits.partialMessages if this peer must be served',
  ),
  ERR_CHUNK_REASSEMBLY_LIMIT: entry(
    'peer',
    'unfinished messages hold more bytes than limits.reassemblyBytes allows',
    'raise limits.reassemblyBytes if this peer must be served',
  ),
  ERR_CHUNK_MEDIA_TOO_LONG: entry(
    'peer',
    'an audio or video message is longer than allowed now (limits.maxMediaBytes; before publish limits.maxMediaBytesBeforePublish)',
    'lower the bitrate of the encoder, or raise the limit',
  ),
  ERR_CHUNK_MESSAGE_TOO_LONG: entry(
    'peer',
    'a command, data or control message is longer than limits.maxCommandBytes allows',
    'send less metadata, or raise the limit (at most 64 KiB)',
  ),
  ERR_CHUNK_INPUT_PENDING: entry(
    'internal',
    'new bytes were given before the earlier ones were read; next(0, 0) was expected',
    'report it with the log line that names this code',
  ),
  ERR_CHUNK_INPUT_RANGE: entry(
    'internal',
    'a range outside the 64 KiB input was given',
    'report it with the log line that names this code',
  ),
  ERR_AMF_DEPTH: entry(
    'peer',
    'AMF0 containers are nested deeper than limits.amfDepth allows',
    'raise limits.amfDepth (at most 64) if this peer must be served',
  ),
  ERR_AMF_VALUES: entry(
    'peer',
    'a message has more AMF0 values than limits.amfValues allows',
    'raise limits.amfValues (at most 4096) if this peer must be served',
  ),
  ERR_AMF_KEYS: entry(
    'peer',
    'a message has more AMF0 object keys than limits.amfKeys allows',
    'raise limits.amfKeys if this peer must be served',
  ),
  ERR_AMF_STRING_BYTES: entry(
    'peer',
    'AMF0 strings of a message are longer in sum than limits.amfStringBytes allows',
    'raise limits.amfStringBytes if this peer must be served',
  ),
  ERR_AMF_COUNT: entry(
    'peer',
    'a strict array claims more values than the message has bytes',
    'update or report the peer',
  ),
  ERR_AMF_REFERENCE: entry(
    'peer',
    'an AMF0 reference points to nothing, or to a container it lies in',
    'update or report the peer',
  ),
  ERR_AMF_UNSUPPORTED: entry(
    'peer',
    'a value is in AMF3 (marker 11); AMF0 was expected',
    'connect with objectEncoding 0',
  ),
  ERR_AMF_MARKER: entry(
    'peer',
    'a byte that begins no AMF0 value was found where a value was expected',
    'update or report the peer',
  ),
  ERR_AMF_TRUNCATED: entry('peer', 'an AMF0 value is cut off by the end of its message', 'update or report the peer'),
  ERR_WASM_TRAP: entry(
    'internal',
    'the WASM module stopped on a defect of its own; this connection is lost, others are not touched',
    'report it with the log line that names this code',
  ),
  ERR_WASM_LOAD: entry('internal', 'the WASM module is missing or cannot be compiled', 'build it: npm run build'),
  ERR_WASM_MEMORY: entry(
    'operator',
    'no address space is left for another WASM memory',
    'lower limits.maxConnections, or start node with --disable-wasm-trap-handler',
  ),
  ERR_EVENTS_JOURNAL_FULL: entry(
    'operator',
    'the event journal takes no new streams: its disk is full or events.maxJournalBytes is reached',
    'free space, or bring NATS back so that the journal can drain',
  ),
  ERR_EVENTS_JOURNAL_FAILED: entry(
    'operator',
    'the event journal cannot be written',
    'check the disk and the rights of the data folder',
  ),
  ERR_EVENTS_JOURNAL_LOCKED: entry(
    'operator',
    'the data folder is in use by another process',
    'stop the other process, or give this one a folder of its own with --data',
  ),
  ERR_EVENTS_CLOSED: entry('internal', 'the event layer is closed', 'nothing can be published while the server stops'),
  ERR_EVENTS_BUS_DOWN: entry(
    'operator',
    'NATS cannot be reached and events.onBusDown refuses new streams meanwhile',
    'bring NATS back, or set events.onBusDown to accept',
  ),
  ERR_EVENTS_STREAM_TAKEN: entry(
    'internal',
    'a session with this stream id is already open',
    'report it with the log line that names this code',
  ),
  ERR_EVENTS_STREAM_CONFIG: entry(
    'operator',
    'the JetStream stream is set up so that it could lose events',
    'change it as docs/events.md says, or name another with events.stream',
  ),
  ERR_EVENTS_REPLICAS_UNSAFE: entry(
    'operator',
    'this nats-server loses acknowledged events on replicated streams',
    'use nats-server 2.10.27 or later, or nats.replicas 1',
  ),
  ERR_EVENTS_NATS_OPTIONS: entry(
    'operator',
    'the NATS settings cannot be used',
    'check nats.url, the credentials and the TLS files',
  ),
  ERR_EVENTS_CURSOR: entry(
    'peer',
    'the history does not go back to this event',
    'start without Last-Event-ID, or from a time',
  ),
  ERR_CLI_USAGE: entry('operator', 'the command line is not understood', 'see sluice --help'),
  ERR_EVENTS_UNREACHABLE: entry(
    'operator',
    'the events cannot be read there',
    'check that the server runs and that --http or --nats names its address',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code: a key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class. `code` is stable and is what callers match on; `message` is for people:
 * what happened (registry sentence, then `detail`) and what to do (registry hint).
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** Facts of this occurrence: numbers, names, limits. Never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail = '', options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    const { says, hint } = ERRORS[code];
    super(`${says}${detail === '' ? '' : `: ${detail}`} (${hint})`, { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Who is to blame, from the registry. */
  get blame(): Blame {
    return ERRORS[this.code].blame;
  }
}
