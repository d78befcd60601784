/** What a request of the tunnel asks for. */
type TunnelRequest =
  | { readonly kind: 'open' }
  | { readonly kind: 'send' | 'idle' | 'close'; readonly id: string; readonly seq: number };

const NUMBERED = /^\/(send|idle|close)\/([A-Za-z0-9_-]{1,62})\/(\d{1,10})$/;

/**
 * Reads the path of a request of the HTTP tunnel. Clients send `/open/1`, then `/send/ID/N`, `/idle/ID/N` and
 * `/close/ID/N`, where one number counts all three.
 *
 * @returns undefined for every other path; `/fcs/ident2` is one, for clients of Flash expect 404 for it
 */
export function readTunnelPath(path: string): TunnelRequest | undefined {
  if (path === '/open/1') return { kind: 'open' };
  const match = NUMBERED.exec(path);
  if (match === null) return undefined;
  const [, kind, id, seq] = match;
  return { kind: kind as 'send' | 'idle' | 'close', id, seq: Number(seq) };
}
