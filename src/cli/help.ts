/** Texts of `--help`: what a person needs to get going, with examples to copy. */
export const PROGRAM =
  'An event-driven RTMP server: encoders publish, players play, and everything that happens to a stream becomes an event, in a log of its own and on NATS.';

export const PROGRAM_EXAMPLES = `
Five minutes:
  start the server   sluice
  publish            ffmpeg -re -i video.mp4 -c copy -f flv rtmp://127.0.0.1/live/cam1
  play               ffplay rtmp://127.0.0.1/live/cam1
  see what happens   sluice events

Exit codes: 0 done, 1 failed, 2 wrong flag or setting, 3 address taken or server not reachable, 4 refused.`;

export const SERVE = 'start the server (what sluice does without a command)';

export const SERVE_EXAMPLES = `
Examples:
  sluice                                     on this machine only, events in the embedded log
  sluice --nats nats://127.0.0.1:4222        events to NATS JetStream too
  sluice --rtmp 0.0.0.0:1935                 let other machines publish and play
  sluice --config sluice.yaml                settings from a file
  SLUICE_LOG_LEVEL=debug sluice              settings from the environment
  sluice --set play.maxLagMs=5s              any setting

SIGINT or SIGTERM ends streams in good order and exits with 0; a second one exits at once.`;

export const EVENTS = 'follow what happens to streams, from the embedded log of a server or from NATS';

export const EVENTS_EXAMPLES = `
Examples:
  sluice events                              from the server on this machine
  sluice events --since 1h                   the last hour first
  sluice events --json | jq .data            for programs
  sluice events --nats nats://127.0.0.1:4222 from NATS JetStream`;

export const PUBLISH = 'send an FLV file to an RTMP server, in real time';

export const PUBLISH_EXAMPLES = `
Examples:
  sluice publish video.flv rtmp://127.0.0.1/live/cam1
  ffmpeg -i video.mp4 -c copy video.flv      makes an FLV file of another`;

export const PLAY = 'play a stream from an RTMP server, into an FLV file or only to see that it comes';

export const PLAY_EXAMPLES = `
Examples:
  sluice play rtmp://127.0.0.1/live/cam1 -o out.flv
  sluice play rtmp://127.0.0.1/live/cam1 -o - | ffplay -
  sluice play rtmp://127.0.0.1/live/cam1 --for 10s`;

export const LOAD = 'open many publishers or players to any RTMP server and tell how it went';

export const LOAD_EXAMPLES = `
sluice load --help lists its options.

Examples:
  sluice load publish rtmp://127.0.0.1/live/load
  sluice load play rtmp://127.0.0.1/live/load -n 1000 --seconds 30 --verify`;

export const CONFIG = 'print the effective configuration and where each value comes from';

export const CONFIG_EXAMPLES = `
The output is a configuration file: sluice config > sluice.yaml
Secrets are not printed.`;
