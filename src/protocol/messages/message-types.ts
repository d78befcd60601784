/** RTMP message type ids (RTMP 1.0 §5.4, §7.1; 15 to 17 are the AMF3 twins of 18 to 20). */
export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAckSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  SharedObjectAmf3: 16,
  CommandAmf3: 17,
  DataAmf0: 18,
  SharedObjectAmf0: 19,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;

/** User control event types, the first two bytes of a type 4 message (RTMP 1.0 §7.1.7). */
export const UserControlEvent = {
  StreamBegin: 0,
  StreamEof: 1,
  StreamDry: 2,
  SetBufferLength: 3,
  StreamIsRecorded: 4,
  PingRequest: 6,
  PingResponse: 7,
  BufferEmpty: 31,
  BufferReady: 32,
} as const;

/**
 * The chunk stream ids that Sluice writes on. Peers use others freely, so nothing depends on the chunk stream id of a
 * message.
 */
export const ChunkStreamId = {
  Control: 2,
  Command: 3,
  Audio: 4,
  NetStream: 5,
  Video: 6,
} as const;

/** The chunk size with which each direction begins (RTMP 1.0 §5.4.1). */
export const INITIAL_CHUNK_SIZE = 128;

/** The largest useful chunk size: a message has at most 16777215 bytes. */
export const MAX_CHUNK_SIZE = 0xffffff;
