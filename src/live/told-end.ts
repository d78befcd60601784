import { ERRORS, type ErrorCode } from '../core/errors.js';
import type { Refusal } from './access.js';

/** What a client is told about an end: `<CODE>: <message>`, so that a user can quote it. */
export function toldEnd(code: ErrorCode, message = ''): string {
  return `${code}: ${message === '' ? ERRORS[code].says : message}`;
}

/** Nothing new is accepted for a while: the client may come back, here or elsewhere. */
export function shutDown(message: string): Refusal<'NetConnection.Connect.AppShutdown'> {
  const code = 'ERR_SESSION_SHUTDOWN';
  return { status: 'NetConnection.Connect.AppShutdown', code, description: toldEnd(code, message) };
}
