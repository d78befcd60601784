/**
 * Numbers shared by the two compilers: AssemblyScript imports this file as './constants', TypeScript as
 * '../../assembly/constants.js'. Addresses are byte offsets in linear memory; the map is drawn in README.md.
 */

// ---- status of read(): what the host does next -------------------------------------------------------------------
export const STATUS_NEED_INPUT = 0;
export const STATUS_MESSAGE = 1;
export const STATUS_MORE = 2;

// ---- error codes: negative, sticky, one per limit or broken rule (src/wasm/errors.ts maps them to registry entries)
// --
export const ERR_CHUNK_FRESH_HEADER = -1;
export const ERR_CHUNK_MID_MESSAGE = -2;
export const ERR_CHUNK_SIZE_INVALID = -3;
export const ERR_CHUNK_SIZE_TOO_SMALL = -4;
export const ERR_CHUNK_STREAM_LIMIT = -5;
export const ERR_CHUNK_PARTIAL_LIMIT = -6;
export const ERR_CHUNK_REASSEMBLY_LIMIT = -7;
export const ERR_CHUNK_MEDIA_TOO_LONG = -8;
export const ERR_CHUNK_MESSAGE_TOO_LONG = -9;
export const ERR_CHUNK_INPUT_PENDING = -10;
export const ERR_CHUNK_INPUT_RANGE = -11;
export const ERR_AMF_DEPTH = -20;
export const ERR_AMF_VALUES = -21;
export const ERR_AMF_KEYS = -22;
export const ERR_AMF_STRING_BYTES = -23;
export const ERR_AMF_COUNT = -24;
export const ERR_AMF_REFERENCE = -25;
export const ERR_AMF_EXTERNALIZABLE = -26;
export const ERR_AMF_MARKER = -27;
export const ERR_AMF_TRUNCATED = -28;
export const ERR_WASM_TRAP = -99;

// ---- record flags ------------------------------------------------------------------------------------------------
export const FLAG_KEYFRAME = 1;
export const FLAG_SEQUENCE_HEADER = 2;
export const FLAG_END_OF_SEQUENCE = 4;
export const FLAG_CONFIG = 8;
export const FLAG_COMMAND = 16;
export const FLAG_ENHANCED = 32;
export const FLAG_MULTITRACK = 64;
export const FLAG_EMPTY = 128;
export const FLAG_DISPOSABLE = 256;
export const FLAG_REBASED = 512; // the timestamp jumped and was moved

// ---- record words ------------------------------------------------------------------------------------------------
export const RECORD_WORDS = 8;
export const RECORD_TYPE_FLAGS = 0;
export const RECORD_TIMESTAMP = 1;
export const RECORD_TIMESTAMP_HIGH = 2;
export const RECORD_PAYLOAD_BYTES = 3;
export const RECORD_OFFSET = 4;
export const RECORD_FRAMED_BYTES = 5;
export const RECORD_CODEC = 6;
export const RECORD_TRACK = 7;

// ---- header words (index into ChunkCodec.header) -----------------------------------------------------------------
export const BATCH_COUNT = 0;
export const BATCH_BYTES = 1;
export const BATCH_FLAGS = 2;
export const BATCH_MESSAGE_STREAM_ID = 3;
export const BATCH_AUDIO = 4;
export const BATCH_VIDEO = 5;
export const BATCH_PAYLOAD_BYTES = 6;
export const BATCH_LAST_TS = 7;
export const BATCH_LAST_TS_HIGH = 8;
export const BATCH_SEGMENTS = 9;
export const BATCH_VIDEO_BYTES = 45; // of BATCH_PAYLOAD_BYTES: the bytes of video
// u64 in words 78 and 79: the greatest timestamp that players got of any frame of this publish; 0: none yet.
export const BATCH_NEWEST_TS = 78;
export const MESSAGE_TYPE = 10;
export const MESSAGE_TIMESTAMP = 11;
export const MESSAGE_STREAM_ID = 12;
export const MESSAGE_CHUNK_STREAM_ID = 13;
export const MESSAGE_PTR = 14;
export const MESSAGE_LENGTH = 15;
export const IN_CHUNK_SIZE = 16;
export const CHUNK_STREAMS = 17;
export const PARTIALS = 18;
export const REASSEMBLY = 19;
export const BLOCKS_LIVE = 20;
export const DROPPED = 21;
export const FAILED = 22;
export const READ_POS = 23;
export const READ_END = 24;
export const CURRENT_CS = 25;
export const CHUNK_LEFT = 26;
export const STASH_LENGTH = 27;
export const PENDING_CS = 28;
export const LARGE_CS_COUNT = 29;
export const BLOCK_FREE = 30;
export const BLOCK_TOP = 31;
export const MEMORY_END = 32;
export const RELEASE_HEAD = 33;
export const RELEASE_TAIL = 34;
export const BYTES_IN = 36; // and 37: u64
export const LAST_MEDIA_TS = 38; // and 39: u64
export const MEDIA_SEEN = 40;
export const TIMELINE = 46; // address of the timeline that the last media message belongs to, 0: none
// The chunk stream whose media message began last; 0 when a run of whole messages came after it.
export const LAST_BEGUN = 53;
export const TIMELINE_BEFORE = 84; // to 95: the timeline of that message as it was before it began
export const TIMELINES_HIGH = 52; // the last entry of the timeline table that was ever used
export const INPUT_HIGH = 41;
export const OUT_HIGH = 42;
export const RECORDS_HIGH = 43;
export const SEGMENTS_HIGH = 44;
export const OUT_POS = 47; // what frameWholeMessage() hands back: the new end of the out region
export const SEGMENT_START = 67; // and the start of its part that no segment names yet
// End of what the ciphers have touched of their region; 0: the connection is not encrypted.
export const CIPHER_HIGH = 54;
// An aggregate that is being taken apart, and what was being read before it.
export const AGGREGATE = 121;
export const AGGREGATE_BLOCK = 122;
export const AGGREGATE_CS = 123;
export const AGGREGATE_END = 124;
export const AGGREGATE_READ_POS = 125;
export const AGGREGATE_READ_END = 126;
export const AGGREGATE_CHUNK_SIZE = 127;
export const AMF_TOKENS = 48;
export const AMF_HAS_REFERENCES = 49;
export const AMF_TRUNCATED = 50;
export const AMF_ERROR_AT = 51;
export const AMF_LAST_ID = 74; // the last id a name or a shape got
export const AMF_EPOCH = 75; // counts how often the ids began anew
export const AMF_LAST_KEY = 77; // during a scan: address of the name entry of the key before, 0 for none
export const AMF_HASH_MASK = 76; // written by the host: bits of a hash that choose an entry
// What scanAmf0() and scanAmf3() hand to each other, and how full the reference tables of a message are.
export const AMF_KEYS_USED = 112;
export const AMF_STRING_BYTES_USED = 113;
export const AMF_DEPTH = 114;
export const AMF_POS = 115;
export const AMF3_STRINGS_USED = 116;
export const AMF3_OBJECTS_USED = 117;
export const AMF3_TRAITS_USED = 118;
export const AMF3_TEXT = 119; // the string that was read last: where its bytes are, and how many
export const AMF3_TEXT_LENGTH = 120;
// Limits: written by the host, never by the module.
export const LIMIT_CHUNK_SIZE_MIN = 56;
export const LIMIT_CHUNK_STREAMS = 57;
export const LIMIT_PARTIALS = 58;
export const LIMIT_CONTROL_BYTES = 59;
export const LIMIT_MEDIA_BYTES = 60;
export const LIMIT_REASSEMBLY = 61;
export const OUT_CHUNK_SIZE = 62;
export const LIMIT_AMF_DEPTH = 63;
export const LIMIT_AMF_VALUES = 64;
export const LIMIT_AMF_KEYS = 65;
export const LIMIT_AMF_STRING_BYTES = 66;
// Framing straight into the slabs of a stream's log: the host aims, the module frames from OUT_PTR on.
export const BATCH_ADDRESS = 68; // where the batch lies in one piece; 0: it is the segments
export const OUT_PTR = 69; // where the next batch begins
export const OUT_LIMIT = 70; // no message goes past it; 0: media goes to the out region and blocks
export const NEEDED_BYTES = 71; // a message of this many framed bytes found no room: the host aims anew
export const OPEN_CS = 72; // the chunk stream whose unfinished message lies behind what is framed
export const UNPLACED_CS = 73; // the one whose message waits for aim()
// Tracks of the batch, told by multitrack messages with coded frames; nothing here is touched for a stream without any.
export const BATCH_TRACKED_AUDIO = 80; // multitrack messages with audio frames, and below with video frames
export const BATCH_TRACKED_VIDEO = 81;
export const BATCH_MANY_TRACKS = 82; // those of them that hold more than one track: records say where the first is
export const BATCH_TRACKS = 96; // 8 words of bits by track id for audio, then 8 for video
export const HEADER_WORDS = 128;

// ---- memory map --------------------------------------------------------------------------------------------------
export const HEADER = 4096;
export const CS_TABLE = 4608;
export const CS_SHIFT = 7;
export const CS_LARGE = 12800; // CS_TABLE + 64 entries: chunk stream ids of 64 and above
export const CS_MAX = 64;
export const SEGMENTS = 20992;
export const MAX_SEGMENTS = 2048;
export const SEGMENTS_STOP = 1000; // a media chain holds at most MAX_BLOCKS segments, so this leaves room for one
export const RECORDS = 37376;
export const MAX_RECORDS = 512;
export const TIMELINES = 53760; // entry 0 serves message streams that the host began no timeline for
export const TIMELINE_BYTES = 48;
export const MAX_TIMELINES = 64; // as limits.maxNetStreams at most
export const STASH = 57344;
export const INPUT = 57408;
export const INPUT_BYTES = 65536;
export const OUT = 127040;
export const OUT_BYTES = 131072;
// RTMPE: the two ciphers, and where what is sent is encrypted.
export const CIPHER_IN = 266240;
export const CIPHER_OUT = 267264;
export const CIPHER_IN_AT = 268288; // i and j of each cipher, u32
export const CIPHER_OUT_AT = 268296;
export const CIPHER_KEYS = 268304; // 16 bytes each, written by the host, cleared by startCiphers()
export const CIPHER_KEY_BYTES = 16;
export const CIPHER_SLOT = 270336;
export const CIPHER_SLOT_BYTES = 65536;
export const BLOCKS = 335872;
// An instance either reads chunk streams or scans AMF0: the scanner's tables lie where the other has its input and out
// region.
export const AMF_STACK = 65536;
export const AMF_MAX_DEPTH = 64;
export const AMF_REFERENCES = 69632;
export const AMF_TABLE = 127040;
export const AMF_MAX_VALUES = 4096;
export const AMF_NAMES = 77824; // strings seen before: AMF_NAME_SETS sets of four entries
export const AMF_NAME_SETS = 128;
export const AMF_NAME_BYTES = 64; // longer strings are not kept
export const AMF_SHAPES = 8192; // key sequences seen before: AMF_SHAPE_SETS sets of two entries
export const AMF_SHAPE_SETS = 64;
export const AMF_SHAPE_KEYS = 64; // objects with more keys have no shape
// Reference tables of AMF3, one set a message (AMF 3 §2.2).
export const AMF3_STRINGS = 266240; // pointer, length
export const AMF3_MAX_STRINGS = 8192; // a reference to a later one points to nothing
export const AMF3_TRAITS = 331776; // names of the sealed members, their count and kind
export const AMF3_OBJECTS = 364544; // u16, token of the value
export const AMF_INPUT = 372736; // the bytes that are scanned
export const STAY_BYTES = 8192; // runs this long stay in the input: a segment costs the host less than their copy
export const GATHER_BYTES = 1024; // complete messages in a block that are this short join the out region
export const GATHER_END = 143424; // while its end is below this: the input's own messages need the rest
export const IN_PLACE_MAX_BYTES = 1015808; // longer framed messages are gathered in blocks and copied by the host
export const BLOCK_BYTES = 67584;
export const BLOCK_HEADER = 16;
export const COPY_SLACK = 64; // small copies write whole 64-byte steps and may overshoot by this much
export const BLOCK_DATA = 67504; // BLOCK_BYTES - BLOCK_HEADER - COPY_SLACK
export const MAX_BLOCKS = 1024;
export const MAX_PAGES = 1024; // as in asconfig.json

// ---- timestamps within one publish, in ms: what goes further is a jump ---------------------------------------------
export const TS_BACK_MS = 500; // behind the newest of its own kind
export const TS_FORWARD_MS = 10000; // ahead of the newest of any kind
export const TS_STEP_MS = 20; // where a jump lands, ahead of the newest: about a frame

// ---- AMF token words (stride 8) -----------------------------------------------------------------------------------
// Word 0: in bits 0 to 7 the AMF0 marker, or one of the kinds below, which only AMF3 has; name entry (from 1) of the
// key << 8, and of a string value << 20; 0: none
export const KIND_BYTES = 0x20; // pointer and length of a byte array
export const KIND_DICTIONARY = 0x21; // keys and values by turns
export const KIND_MIXED = 0x22; // an array that has members with keys: those first, then those without
export const TOKEN_NEXT = 1; // index of the token after this value and all inside it
export const TOKEN_KEY_PTR = 2;
export const TOKEN_KEY_LENGTH = 3;
// A pointer, or (8-aligned) the f64 itself in words 4 and 5; for an object the id of its shape, 0: none.
export const TOKEN_VALUE = 4;
export const TOKEN_VALUE_ID = 5; // id of a string value in its name entry; index of an object's shape
export const TOKEN_LENGTH = 6; // bytes of a string, count of a strict array, target token of a reference
export const TOKEN_KEY_ID = 7; // id of the key in its name entry
export const TOKEN_WORDS = 8;
