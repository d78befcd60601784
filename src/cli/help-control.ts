/** Texts of `--help` of the commands that control what runs. */

const WHERE = `
The server on this machine is asked, unless --http or --nats says otherwise. A token comes from SLUICE_HTTP_TOKEN or --token-file.
TARGET is a stream id, or app/name.`;

export const TOP = 'watch the live streams of a server: rates, players, delay and trouble, in the whole terminal';
export const TOP_EXAMPLES = `
Keys: n, p, b, a sort by name, players, bit rate, age, and once more turns the order round; arrows and Page keys scroll; q ends it.

Examples:
  sluice top
  sluice top --http 192.0.2.7:8080 --token-file token
  sluice top --once
  sluice top --json | jq '.streams[].kbpsIn'`;

export const LS = 'list the live streams';
export const LS_EXAMPLES = `
Examples:
  sluice ls
  sluice ls --app live --label room=a1
  sluice ls --nats nats://127.0.0.1:4222     those of all nodes
  sluice ls --json | jq '.items[].streamId'
${WHERE}`;

export const GET = 'show everything about a live stream';
export const GET_EXAMPLES = `
Examples:
  sluice get live/cam1
${WHERE}`;

export const KICK = 'end a stream, or the streams that flags select';
export const KICK_EXAMPLES = `
Examples:
  sluice kick live/cam1 --reason 'off topic'
  sluice kick live/cam1 --ban 10m            and refuse its publisher for ten minutes: encoders try again at once
  sluice kick --ip 192.0.2.7 --yes           all streams from an address
${WHERE}`;

export const REVOKE = 'take the permission of a stream back: it ends with auth_revoked';
export const REVOKE_EXAMPLES = `
Examples:
  sluice revoke live/cam1 --reason 'contract ended'
${WHERE}`;

export const LIMIT = 'replace the limits of a stream';
export const LIMIT_EXAMPLES = `
Examples:
  sluice limit live/cam1 --kbps 8000 --width 1920 --height 1080
  sluice limit live/cam1 --kbps 8000 --warn  tell it in an event only
  sluice limit live/cam1 --none
${WHERE}`;

export const LABEL = 'set and remove labels of a stream';
export const LABEL_EXAMPLES = `
Examples:
  sluice label live/cam1 room=a1 old-        sets room, removes old
${WHERE}`;

export const RECONNECT = 'ask the publisher of a stream to connect again, here or elsewhere';
export const RECONNECT_EXAMPLES = `
Examples:
  sluice reconnect live/cam1 --to rtmp://b.example/live
Exit code: 4 when the client has not said that it understands this.
${WHERE}`;

export const SEND = 'send a data message to the players of a stream';
export const SEND_EXAMPLES = `
Examples:
  sluice send live/cam1 onTextData '{"text":"hello"}'
${WHERE}`;

export const CALL =
  'call a method of the client that publishes a stream, or with --play of one that plays, and wait for its answer';
export const CALL_EXAMPLES = `
Examples:
  sluice call live/cam1 getStats
  sluice call 01JZ8Z4M1R3S5T7V9WBCDEFGHJ ping 1 --play --timeout 2s
${WHERE}`;

export const PLAYS = 'list and end plays';
export const PLAYS_EXAMPLES = `
Examples:
  sluice plays ls --app live
  sluice plays kick 01JZ8Z4M1R3S5T7V9WBCDEFGHJ --reason 'one account, one player'
  sluice plays kick --ip 192.0.2.7 --yes
${WHERE}`;

export const RELAYS =
  'list what is carried between servers: pushes, pulls, and what nodes of a cluster fetch from each other';
export const RELAYS_EXAMPLES = `
Examples:
  sluice relays                              those of this node, and rules that carry nothing
  sluice relays --cluster                    those of all nodes, through this one
${WHERE}`;

export const NODES = 'list the nodes';
export const NODES_EXAMPLES = `
Examples:
  sluice nodes                               this node
  sluice nodes --cluster                     all nodes, through this one
  sluice nodes --nats nats://127.0.0.1:4222
${WHERE}`;

export const BAN = 'refuse a principal, a key, an address or a name, on every node and for a time';
export const BAN_EXAMPLES = `
Examples:
  sluice ban add address 192.0.2.0/24 --for 1h --reason 'guesses keys'
  sluice ban add name live/cam1 --for 10m
  sluice ban ls
  sluice ban rm address 192.0.2.0/24
${WHERE}`;

export const DRAIN = 'have a node take no more work, and stop when it has none or a deadline is over';
export const DRAIN_EXAMPLES = `
Examples:
  sluice drain --deadline 5m --wait          and show what is left until it has stopped
  sluice drain --nats nats://127.0.0.1:4222 --node n1
${WHERE}`;

export const UNDRAIN = 'take a drain back before its deadline';
export const UNDRAIN_EXAMPLES = `
Examples:
  sluice undrain
${WHERE}`;

export const AUTH = 'try out who would be let in';
export const AUTH_EXAMPLES = `
Examples:
  sluice auth test --app live --name cam1 --query 'key=secret'
  sluice auth test --action play --app live --name cam1 --address 192.0.2.7
Nothing is published, banned or counted. Exit code: 4 when the client would be refused.
${WHERE}`;

export const WEBHOOKS = 'list, try out and replay the webhooks of a node';
export const WEBHOOKS_EXAMPLES = `
Examples:
  sluice webhooks ls
  sluice webhooks test billing               exit code 4 when the receiver does not take it
  sluice webhooks replay billing --since 2h
The server on this machine is asked, unless --http or --nats says otherwise. A token comes from SLUICE_HTTP_TOKEN or --token-file.`;
