import { type ErrorEntry, limit } from './error-entry.js';

/** Codes of shared objects. */
export const OBJECT_ERRORS = {
  ERR_LIMIT_OBJECT_RATE: limit(
    'peer',
    'more messages about shared objects came than sharedObjects.messagesPerSecond allows',
    'change several slots in one message, send positions less often, or raise sharedObjects.messagesPerSecond',
  ),
} as const satisfies Record<string, ErrorEntry>;
