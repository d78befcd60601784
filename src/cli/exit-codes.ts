import type { ErrorCode } from '../core/errors.js';

/** How the process ends. Scripts may rely on these. */
export const EXIT = {
  /** Done, or stopped by a first SIGINT or SIGTERM. */
  ok: 0,
  /** An unexpected failure. */
  failed: 1,
  /** A flag, a key or a value is wrong; nothing was started. */
  usage: 2,
  /** An address cannot be listened on, or a server cannot be reached. */
  unreachable: 3,
  /** The other side refused. */
  refused: 4,
} as const;

const BY_CODE: { readonly [C in ErrorCode]?: number } = {
  ERR_CLI_USAGE: EXIT.usage,
  ERR_INSPECT_FILE: EXIT.usage,
  ERR_JOURNAL_FOLDER: EXIT.usage,
  ERR_LOAD_OPTION: EXIT.usage,
  ERR_CLIENT_URL: EXIT.usage,
  ERR_DATA_FOLDER: EXIT.usage,
  ERR_DATA_FOLDER_NOT_OURS: EXIT.usage,
  ERR_DATA_FOLDER_LOCK: EXIT.usage,
  ERR_INSTALLATION_DAMAGED: EXIT.usage,
  ERR_LISTEN: EXIT.unreachable,
  ERR_DESCRIPTORS: EXIT.failed,
  ERR_CLOCK: EXIT.failed,
  ERR_CLIENT_CONNECT: EXIT.unreachable,
  ERR_CLIENT_TIMEOUT: EXIT.unreachable,
  ERR_EVENTS_UNREACHABLE: EXIT.unreachable,
  ERR_EVENTS_NO_JETSTREAM: EXIT.unreachable,
  ERR_EVENTS_NATS_OPTIONS: EXIT.usage,
  ERR_CLIENT_REJECTED: EXIT.refused,
  ERR_CLIENT_ABORTED: EXIT.ok,
};

/** The exit code that goes with an error code. */
export function exitCodeOf(code: ErrorCode): number {
  return BY_CODE[code] ?? (code.startsWith('ERR_CONFIG_') ? EXIT.usage : EXIT.failed);
}
