import { ERRORS, type ErrorCode } from '../core/errors.js';

/** What a client is told about an end: `<CODE>: <message>`, so that a user can quote it. */
export function toldEnd(code: ErrorCode, message = ''): string {
  return `${code}: ${message === '' ? ERRORS[code].says : message}`;
}
