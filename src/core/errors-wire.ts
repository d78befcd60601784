import { breach, type ErrorEntry, ending, limit } from './error-entry.js';

/** Codes of the RTMP side: what peers send, ask and do, and the limits they meet. */
export const WIRE_ERRORS = {
  ERR_AMF_UNWRITABLE: breach(
    'internal',
    'a value cannot be written as AMF0',
    'keep property names under 64 KiB and nesting under 64 levels',
  ),
  ERR_CHUNK_UNWRITABLE: breach(
    'internal',
    'a message cannot be framed as RTMP chunks',
    'keep payloads under 16 MiB and chunk stream ids within 2 to 65599',
  ),
  ERR_HANDSHAKE_VERSION: breach(
    'peer',
    'the first byte is no RTMP version; 3 was expected',
    'check that the peer speaks RTMP to this port',
  ),
  ERR_HANDSHAKE_ENCRYPTED: breach(
    'peer',
    'the peer asked for RTMPE, which is off; version 3 was expected',
    'use rtmps:// or rtmp://, or set rtmpe.enabled',
  ),
  ERR_HANDSHAKE_HTTP: breach(
    'peer',
    'the peer speaks HTTP; an RTMP handshake was expected',
    'for rtmpt:// the server needs rtmpt.enabled, and on rtmp.listen rtmp.sniff; state and metrics are on http.listen',
  ),
  ERR_HANDSHAKE_TLS: breach(
    'peer',
    'the peer speaks TLS; an RTMP handshake was expected',
    'use rtmp://; for rtmps:// the server needs rtmps.cert and rtmps.key, and on rtmp.listen rtmp.sniff',
  ),
  ERR_SESSION_NOT_CONNECTED: breach(
    'peer',
    'a message came that needs connect first',
    'send connect before any other command',
  ),
  ERR_SESSION_ALREADY_CONNECTED: breach(
    'peer',
    'a second connect came; one per connection is allowed',
    'open another connection for another app',
  ),
  ERR_SESSION_CONNECT_REFUSED: breach(
    'peer',
    'the connect command was refused',
    'check the app part of the URL: a string of at most 1024 bytes',
  ),
  ERR_SESSION_CONNECT_TIMEOUT: breach(
    'peer',
    'no connect command came within limits.connectTimeoutMs',
    'check the peer, or raise limits.connectTimeoutMs',
  ),
  ERR_SESSION_IDLE_TIMEOUT: breach(
    'peer',
    'the connection neither published nor played for limits.idleMs',
    'connect again when there is something to publish or play, or raise limits.idleMs',
  ),
  ERR_SESSION_COMMAND_RATE: limit(
    'peer',
    'more commands came than limits.commandsPerSecond allows',
    'check the peer, or raise limits.commandsPerSecond',
  ),
  ERR_SESSION_PUBLISH_REFUSED: breach(
    'peer',
    'a publish was refused',
    'read the NetStream.Publish code and description that the encoder was sent',
  ),
  ERR_SESSION_PLAY_REFUSED: breach(
    'peer',
    'a play was refused',
    'read the NetStream.Play code and description that the player was sent',
  ),
  ERR_SESSION_PLAY_ENDED: ending(
    'protocol_error',
    'peer',
    'the stream that was played has ended',
    'play it again when it is published again',
    { usual: true },
  ),
  ERR_SESSION_PING_TIMEOUT: ending(
    'dead_peer',
    'peer',
    'the peer sent nothing, not even the answer to a ping',
    'check the network path to the peer',
  ),
  ERR_SESSION_KICKED: ending(
    'kicked',
    'operator',
    "the connection was ended from the server's side",
    'read the description that goes with it',
  ),
  ERR_SESSION_SHUTDOWN: ending(
    'server_drain',
    'operator',
    'the server is shutting down',
    'connect again, to another node or later',
    { usual: true },
  ),
  ERR_LIMIT_CONNECTIONS: limit(
    'operator',
    'the server holds as many connections as limits.maxConnections or its WASM memories allow',
    'raise the bound that the server names in its log at the start, or add a node',
  ),
  ERR_LIMIT_IDLE: limit(
    'operator',
    'the connection neither published nor played, and its place or memory was needed for others',
    'connect again when there is something to publish or play; if this comes often, raise the bound that the server names in its log at the start, or limits.memoryBytes',
  ),
  ERR_LIMIT_CONNECTIONS_PER_IP: limit(
    'peer',
    'one address holds as many connections as limits.maxConnectionsPerIp allows',
    'close some, or raise limits.maxConnectionsPerIp if many clients share that address',
  ),
  ERR_LIMIT_ACCEPT_RATE: limit(
    'peer',
    'one address connects more often than limits.acceptsPerSecondPerIp and limits.acceptBurstPerIp allow',
    'wait between connects, or raise them if many clients share that address',
  ),
  ERR_LIMIT_PREAUTH_BYTES: limit(
    'peer',
    'the peer sent more than limits.preAuthBytes without publishing or playing',
    'publish or play right after connect',
  ),
  ERR_LIMIT_INBOUND_RATE: limit(
    'peer',
    'a player, or a client of shared objects, sent more than play.inboundBytesPerSecond',
    'players send acknowledgements and commands only; raise the limit if this client needs more',
  ),
  ERR_LIMIT_UNREAD: limit('peer', 'the peer keeps asking and does not read the answers', 'read from the connection'),
  ERR_LIMIT_HEADERS: limit(
    'peer',
    'a publisher sent more sequence headers and metadata than publish.maxHeaderBytes: players that join late do not get what is past it',
    'send fewer tracks or shorter headers, or raise publish.maxHeaderBytes',
  ),
  ERR_LIMIT_MEMORY: limit(
    'operator',
    'the memory that peers make the server hold has reached limits.memoryBytes: no new publish, and connections that hold most have to go',
    'look at sluice_memory_bytes for the kind that is large; raise limits.memoryBytes, or lower hub.gopMaxBytes and play.maxLagBytes',
  ),
  ERR_HANDSHAKE_TIMEOUT: breach(
    'peer',
    'the handshake was not finished in time',
    'check that the client speaks RTMP; see limits.firstBytesTimeoutMs and limits.handshakeTimeoutMs',
  ),
  ERR_PUBLISH_NO_MEDIA: ending(
    'idle',
    'peer',
    'nothing came within publish.firstFrameTimeoutMs of the start',
    'start the encoder before it publishes, or raise the limit',
  ),
  ERR_PUBLISH_IDLE: ending(
    'idle',
    'peer',
    'no audio and no video came for publish.idleTimeoutMs',
    'check the encoder and its network, or raise the limit',
  ),
  ERR_PUBLISH_BUSY: breach(
    'peer',
    'somebody else is publishing under this name',
    'choose another name, or stop the other publisher',
  ),
  ERR_LIMIT_PUBLISH_RATE: limit(
    'peer',
    'publishes from this connection or address, or under this name, begin too often',
    'wait some seconds before the next try; limits.publishesPerSecondPerIp is the limit of an address',
  ),
  ERR_LIMIT_PLAY_RATE: limit(
    'peer',
    'plays from this connection or address begin too often',
    'wait some seconds before the next try; limits.playsPerSecondPerIp is the limit of an address',
  ),
  ERR_LIMIT_CALL_RATE: limit(
    'peer',
    'a connection calls methods of programs more often than rpc.callsPerSecond allows; the call was passed on to nobody',
    'call less often, or raise rpc.callsPerSecond',
  ),
  ERR_NAME_INVALID: breach(
    'peer',
    'the app or stream name cannot be used',
    'use letters, digits and _ . ~ = + @ / - only; see names.allow',
  ),
  ERR_PLAY_STALLED: ending(
    'protocol_error',
    'peer',
    'the player took nothing for play.stallTimeoutMs',
    'check the player and its network',
    { endsPlaysAs: 'stalled' },
  ),
  ERR_PLAY_DEFECT: breach(
    'internal',
    'a player failed on a defect of the server; this connection is closed, others are not touched',
    'report it with the log line that names this code',
  ),
  ERR_PLAY_NOT_FOUND: breach('peer', 'nobody publishes under this name', 'publish first, or set play.waitForPublisher'),
  ERR_PEER_CLOSED: ending(
    'client_closed',
    'peer',
    'the peer closed the connection',
    'nothing to do when it was meant to',
    { usual: true },
  ),
  ERR_PEER_RESET: ending(
    'client_closed',
    'peer',
    'the connection was cut',
    'check the network between peer and server',
    { usual: true },
  ),
  ERR_CHUNK_FRESH_HEADER: breach(
    'peer',
    'a chunk stream began with a fmt 2 or fmt 3 header; fmt 0 or fmt 1 was expected',
    'the peer is out of step: reconnect; if it repeats, capture the traffic',
  ),
  ERR_CHUNK_MID_MESSAGE: breach(
    'peer',
    'a fmt 0, 1 or 2 header came in the middle of a message; fmt 3 was expected',
    'the peer is out of step: reconnect; if it repeats, capture the traffic',
  ),
  ERR_CHUNK_SIZE_INVALID: breach(
    'peer',
    'Set Chunk Size carried 0 or a value above 7FFFFFFF; 1 to 7FFFFFFF was expected',
    'update or report the peer',
  ),
  ERR_CHUNK_SIZE_TOO_SMALL: limit(
    'peer',
    'Set Chunk Size is under limits.chunkSizeMin',
    'lower limits.chunkSizeMin if this peer must be served',
  ),
  ERR_CHUNK_STREAM_LIMIT: limit(
    'peer',
    'more chunk stream ids are in use than limits.chunkStreams allows',
    'raise limits.chunkStreams (at most 64) if this peer must be served',
  ),
  ERR_CHUNK_PARTIAL_LIMIT: limit(
    'peer',
    'more messages are unfinished at once than limits.partialMessages allows',
    'raise limits.partialMessages if this peer must be served',
  ),
  ERR_CHUNK_REASSEMBLY_LIMIT: limit(
    'peer',
    'unfinished messages hold more bytes than limits.reassemblyBytes allows',
    'raise limits.reassemblyBytes if this peer must be served',
  ),
  ERR_CHUNK_MEDIA_TOO_LONG: limit(
    'peer',
    'an audio or video message is longer than allowed now (limits.maxMediaBytes; before publish limits.maxMediaBytesBeforePublish)',
    'lower the bitrate of the encoder, or raise the limit',
  ),
  ERR_CHUNK_MESSAGE_TOO_LONG: limit(
    'peer',
    'a command, data or control message is longer than limits.maxCommandBytes allows',
    'send less metadata, or raise the limit (at most 64 KiB)',
  ),
  ERR_CHUNK_INPUT_PENDING: breach(
    'internal',
    'new bytes were given before the earlier ones were read; next(0, 0) was expected',
    'report it with the log line that names this code',
  ),
  ERR_CHUNK_INPUT_RANGE: breach(
    'internal',
    'a range outside the 64 KiB input was given',
    'report it with the log line that names this code',
  ),
  ERR_AMF_DEPTH: breach(
    'peer',
    'AMF0 containers are nested deeper than limits.amfDepth allows',
    'raise limits.amfDepth (at most 32) if this peer must be served',
  ),
  ERR_AMF_VALUES: breach(
    'peer',
    'a message has more AMF0 values than limits.amfValues allows',
    'raise limits.amfValues (at most 4096) if this peer must be served',
  ),
  ERR_AMF_KEYS: breach(
    'peer',
    'a message has more AMF0 object keys than limits.amfKeys allows',
    'raise limits.amfKeys if this peer must be served',
  ),
  ERR_AMF_STRING_BYTES: breach(
    'peer',
    'AMF strings of a message are longer in sum than limits.amfStringBytes allows',
    'raise limits.amfStringBytes if this peer must be served',
  ),
  ERR_AMF_COUNT: breach(
    'peer',
    'an array, a vector, a dictionary or an object claims more values than the message has bytes',
    'update or report the peer',
  ),
  ERR_AMF_REFERENCE: breach(
    'peer',
    'an AMF reference points to nothing, or to a container it lies in',
    'update or report the peer',
  ),
  ERR_AMF_EXTERNALIZABLE: breach(
    'peer',
    'an AMF3 object of a class that writes itself (externalizable); only ArrayCollection, ArrayList and ObjectProxy of Flex were expected',
    'send plain objects',
  ),
  ERR_AMF_MARKER: breach(
    'peer',
    'a byte that begins no AMF value was found where a value was expected',
    'update or report the peer',
  ),
  ERR_AMF_TRUNCATED: breach('peer', 'an AMF value is cut off by the end of its message', 'update or report the peer'),
  ERR_WASM_TRAP: breach(
    'internal',
    'the WASM module stopped on a defect of its own; this connection is lost, others are not touched',
    'report it with the log line that names this code',
  ),
  ERR_WASM_LOAD: breach(
    'internal',
    'the WASM module is missing or cannot be compiled',
    'build it: npm run build; a bundle needs a copy of sluice/sluice.wasm beside it',
  ),
  ERR_WASM_MEMORY: breach(
    'operator',
    'no address space is left for another WASM memory',
    'start node with --disable-wasm-trap-handler (NODE_OPTIONS), which needs 10 GB of address space less for each, or raise the limit (ulimit -v)',
  ),
} as const satisfies Record<string, ErrorEntry>;
