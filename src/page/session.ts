import { ask } from './api.js';

/** Who looks at the page. */
export interface Session {
  /** Name of the token; `anonymous` while the server has none. */
  readonly name: string;
  readonly scopes: readonly ('read' | 'control' | 'admin')[];
}

/** Who looks, by the cookie of before. @throws ApiError with status 401 when a token is needed */
export function currentSession(): Promise<Session> {
  return ask<Session>('/v1/session');
}

/** Begins a session. The token is sent once; after that the browser has a cookie that no script can read. */
export function signIn(token: string): Promise<Session> {
  return ask<Session>('/v1/session', { method: 'POST', token });
}

/** Ends the session. */
export function signOut(): Promise<unknown> {
  return ask('/v1/session', { method: 'DELETE' });
}

/** Whether somebody may end streams and players, stop jobs and so on. */
export function mayControl({ scopes }: Session): boolean {
  return scopes.includes('control') || scopes.includes('admin');
}
