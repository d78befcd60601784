import { breach, type ErrorEntry, failure } from './error-entry.js';

/** Codes of set-up: settings, command line, HTTP, listening, data folder; and of defects. */
export const OPERATOR_ERRORS = {
  ERR_INTERNAL: breach(
    'internal',
    'an unexpected failure inside Sluice',
    'report it with the log line that names this code',
  ),
  ERR_CONFIG_UNKNOWN_KEY: failure(
    'usage',
    'operator',
    'there is no such setting',
    'see docs/config.md or `sluice config` for every key',
  ),
  ERR_CONFIG_INVALID_VALUE: failure(
    'usage',
    'operator',
    'a setting has a value that is not accepted',
    'change the value there',
  ),
  ERR_CONFIG_SECRET_IN_FLAG: failure(
    'usage',
    'operator',
    'a secret was given on the command line, where other users of the machine can read it',
    'set it in the environment or in the configuration file',
  ),
  ERR_CONFIG_FILE_UNREADABLE: failure(
    'usage',
    'operator',
    'the configuration file cannot be read',
    'check the path that --config or SLUICE_CONFIG gives, and its permissions',
  ),
  ERR_CONFIG_FILE_SYNTAX: failure(
    'usage',
    'operator',
    'the configuration file is not YAML with keys and values',
    'mend it at the place that is named',
  ),
  ERR_DATA_FOLDER: failure(
    'usage',
    'operator',
    'the data folder cannot be used',
    'give a folder that this user may write to with --data',
  ),
  ERR_DATA_FOLDER_NOT_OURS: failure(
    'usage',
    'operator',
    'the data folder and all in it must belong to the user that runs Sluice, be writable by nobody else, and be no links',
    'give the folder to this user (chown -R) and take the right to write from others (chmod -R go-w), or give another folder with --data',
  ),
  ERR_DATA_FOLDER_LOCK: failure(
    'usage',
    'operator',
    'the lock of the data folder cannot be made: it needs a file system with Unix sockets and hard links',
    'give a folder on a local disk with --data',
  ),
  ERR_INSTALLATION_DAMAGED: failure(
    'usage',
    'operator',
    'the file with the id of this installation is damaged',
    'bring it back from a copy, or remove it: the node then gets a new id, and key fingerprints change',
  ),
  ERR_DESCRIPTORS: failure(
    'failed',
    'operator',
    'the process may not open more files and sockets',
    'raise the limit of open files (ulimit -n, LimitNOFILE): about a hundred for the server, and one for each connection',
  ),
  ERR_CLOCK: failure(
    'failed',
    'operator',
    'the clock of this machine is before 1970',
    'set the clock; events and ids carry its time',
  ),
  ERR_LISTEN: failure(
    'unreachable',
    'operator',
    'the server cannot listen on this address',
    'choose a free port and an address of this machine with --rtmp and --http',
  ),
  ERR_HTTP_NOT_FOUND: failure('failed', 'peer', 'there is nothing at this path', 'GET / lists what there is'),
  ERR_HTTP_BAD_REQUEST: failure(
    'failed',
    'peer',
    'the request cannot be understood',
    'see the README for the HTTP interface',
  ),
  ERR_HTTP_HOST_REFUSED: failure(
    'failed',
    'peer',
    'the Host header names a host that this server does not answer for',
    'use an address or localhost, or add the name to http.allowedHosts',
  ),
  ERR_HTTP_CROSS_ORIGIN: failure(
    'failed',
    'peer',
    'a browser sent this request for a page of another origin',
    'open the address itself, or ask from a page that the same host and port serves',
  ),
  ERR_HTTP_TOKEN_GUESSES: failure(
    'refused',
    'peer',
    'too many wrong tokens came from this address; tokens that were not accepted from it before are refused for a while',
    'wait as long as Retry-After says and send the right token; http.failuresPerMinutePerIp is the limit',
  ),
  ERR_HTTP_OPEN_PUBLIC_BIND: failure(
    'usage',
    'operator',
    'anybody could control the server: http.listen is an address that others can reach, and there is no token',
    'set SLUICE_HTTP_TOKEN or http.tokens, or listen on 127.0.0.1',
  ),
  ERR_HTTP_CONNECTIONS: failure(
    'failed',
    'peer',
    'there are as many HTTP connections as the server allows',
    'close some, or raise http.maxClients or the limit of open files',
  ),
  ERR_HTTP_FOLLOWERS: failure(
    'failed',
    'peer',
    'as many clients follow the events as the server allows',
    'close one, or raise http.maxEventClients',
  ),
  ERR_CLI_OUTPUT: failure(
    'failed',
    'operator',
    'what the command prints cannot be written',
    'check the space left, and what standard output is redirected to',
  ),
  ERR_INSPECT_FILE: failure(
    'usage',
    'operator',
    'this capture file cannot be read',
    'take the file as the server has written it; bytes without a header are read as a client sent them',
  ),
  ERR_JOURNAL_FOLDER: failure(
    'usage',
    'operator',
    'no event journal can be read in this folder',
    'name the data folder of a server, or the journal folder in it',
  ),
  ERR_CLI_USAGE: failure('usage', 'operator', 'the command line is not understood', 'see sluice --help'),
} as const satisfies Record<string, ErrorEntry>;
