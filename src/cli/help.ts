/** Texts of `--help`: the first steps, with examples to copy. */
export const PROGRAM =
  'An event-driven RTMP server: encoders publish, players play, and everything that happens to a stream becomes an event, in a log of its own and on NATS.';

export const PROGRAM_EXAMPLES = `
Five minutes:
  start the server   sluice
  publish            sluice publish --test rtmp://127.0.0.1/live/cam1
  or from a file     ffmpeg -re -i video.mp4 -c copy -f flv rtmp://127.0.0.1/live/cam2
  play               ffplay rtmp://127.0.0.1/live/cam1
  see what happens   sluice events
  see what is live   sluice top

Exit codes: 0 done, 1 failed, 2 wrong flag or setting, 3 address taken or server not reachable, 4 refused, 5 partial: some
nodes did not answer.`;

export const SERVE = 'start the server (what sluice does without a command)';

export const SERVE_EXAMPLES = `
Examples:
  sluice                                     on this machine only, events in the embedded log
  sluice --nats nats://127.0.0.1:4222        events to NATS JetStream too
  sluice --rtmp 0.0.0.0:1935                 let other machines in; auth.rules say who may publish
  sluice --config sluice.yaml                settings from a file
  SLUICE_LOG_LEVEL=debug sluice              settings from the environment
  SLUICE_TRACE=rtmp,events,nats sluice       a line on stderr for each message, without secrets
  sluice --set play.maxLagMs=5s              any setting

SIGINT or SIGTERM ends streams in good order and exits with 0; a second one exits at once.`;

export const EVENTS = 'follow what happens to streams, from the embedded log of a server or from NATS';

export const EVENTS_EXAMPLES = `
Examples:
  sluice events                               from the server on this machine
  sluice events --since 1h                    the last hour first
  sluice events --json | jq .data             for programs
  sluice events --nats nats://127.0.0.1:4222  from NATS JetStream`;

export const PUBLISH = 'send an FLV file, or a test picture, to an RTMP server, in real time';

export const PUBLISH_EXAMPLES = `
Examples:
  sluice publish --test rtmp://127.0.0.1/live/cam1
  sluice publish --test --size 640x360 --for 30s rtmp://127.0.0.1/live/cam1
  sluice publish video.flv rtmp://127.0.0.1/live/cam1
  ffmpeg -i video.mp4 -c copy video.flv      makes an FLV file of another`;

export const PLAY = 'play a stream from an RTMP server, into an FLV file or only to see that it comes';

export const PLAY_EXAMPLES = `
Examples:
  sluice play rtmp://127.0.0.1/live/cam1 -o out.flv
  sluice play rtmp://127.0.0.1/live/cam1 -o - | ffplay -
  sluice play rtmp://127.0.0.1/live/cam1 --for 10s`;

export const LOAD = 'open many publishers or players to any RTMP server and tell how it went';

/** The flag of commands that connect with rtmps://. */
export const INSECURE_FLAG = [
  '--insecure',
  'rtmps://: take any certificate; others on the way can read and change what is sent',
] as const;

/** The options of `sluice load`; `numeric`: takes a number. */
export const LOAD_FLAGS: readonly { readonly flags: string; readonly doc: string; readonly numeric: boolean }[] = [
  { flags: '-n, --count <N>', doc: 'connections (default 1)', numeric: true },
  { flags: '--seconds <S>', doc: 'measure S seconds, then end (default: until Ctrl-C)', numeric: true },
  { flags: '--warmup <S>', doc: 'wait S seconds once all are up before measuring (default 2)', numeric: true },
  { flags: '--rate <N>', doc: 'new connections a second (default 500)', numeric: true },
  {
    flags: '--json',
    doc: 'one JSON object a line on standard output: every second, and the result last',
    numeric: false,
  },
  {
    flags: '--timeout-ms <N>',
    doc: 'give a connection up that is not playing or publishing by then (default 15000)',
    numeric: true,
  },
  {
    flags: '--drain-ms <N>',
    doc: 'players: read all sockets once in N ms (default 5 from 100 players on, else as data comes)',
    numeric: true,
  },
  {
    flags: '--sources <N>',
    doc: 'spread over N source addresses 127.0.0.2 … on loopback (default: one per 8000 connections)',
    numeric: true,
  },
  {
    flags: '--delay',
    doc: 'publishers: stamp frames with the time; players: tell the delay (same machine)',
    numeric: false,
  },
  {
    flags: '--verify',
    doc: "players: check every message: order, gaps and, of this generator's own stream, every byte",
    numeric: false,
  },
  { flags: '--streams <N>', doc: 'players: spread over the names URL-1 … URL-N', numeric: true },
  { flags: '--delay-players <N>', doc: 'players that look for stamps (default 50)', numeric: true },
  {
    flags: '--file <FILE.flv>',
    doc: 'publishers: send this in a loop (default: a synthetic 720p stream)',
    numeric: false,
  },
  { flags: INSECURE_FLAG[0], doc: INSECURE_FLAG[1], numeric: false },
  { flags: '--kbps <N>', doc: 'publishers: bit rate of the synthetic stream (default 2680)', numeric: true },
  { flags: '--chunk-size <N>', doc: 'publishers: bytes per chunk (default 4096)', numeric: true },
];

export const LOAD_EXAMPLES = `
A terminal gets a line a second, and everybody the result.
Exit code: 0 when all connections were up, stayed, and bytes flowed; 1 otherwise, also when it was stopped before it measured.

Examples:
  sluice load publish rtmp://127.0.0.1/live/load
  sluice load play rtmp://127.0.0.1/live/load -n 1000 --seconds 30 --verify`;

export const INSPECT = 'show the bytes of a connection, chunk by chunk, and the byte at which they are wrong';

export const INSPECT_EXAMPLES = `
FILE is a capture (sluice serve --capture DIR), or the bytes that one side sent, as a packet recorder gives them.
Stream keys, tokens and passwords are shown as ***.
Exit code: 0 when everything could be read, 1 when there is a fault.

Examples:
  sluice inspect captures/01JD….capture
  sluice inspect --messages client-to-server.bin
  sluice inspect --side server --no-handshake server-to-client.bin`;

export const JOURNAL =
  'read the event journal of a server, running or not: ls lists its segments, cat prints its events';

export const JOURNAL_EXAMPLES = `
DIR is the data folder of a server. Nothing is written, and no lock is taken.

Examples:
  sluice journal ls ./data
  sluice journal cat ./data --stream live/cam1
  sluice journal cat ./data --from 1200 --json | jq .type`;

export const CONFIG = 'print the effective configuration and where each value comes from';

export const CONFIG_EXAMPLES = `
The output is a configuration file: sluice config > sluice.yaml
Secrets are not printed.
The commands below it are about a file, or about a server that runs:
  sluice config validate sluice.yaml         would a server start with it
  sluice config get log.level                what holds on the server
  sluice config set log.level=debug
  sluice config reload                       reads the file again`;
