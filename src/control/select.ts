import type { PlaySnapshot } from '../model/play-snapshot.js';
import type { StreamSnapshot } from '../model/snapshot.js';

/** What selects streams and plays: all members that are given must hold. */
export interface Selector {
  readonly app?: string | undefined;
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  readonly principal?: string | undefined;
  /** `key` or `key=value`. */
  readonly label?: string | undefined;
  readonly streamId?: string | undefined;
  readonly playId?: string | undefined;
}

/** Whether a stream is selected. */
export function selectsStream(selector: Selector, stream: StreamSnapshot): boolean {
  return selects(selector, stream) && hasLabel(selector.label, stream);
}

/** Whether a play is selected. Its labels are those of the stream that it plays. */
export function selectsPlay(selector: Selector, play: PlaySnapshot, stream: StreamSnapshot | undefined): boolean {
  if (selector.playId !== undefined && selector.playId !== play.playId) return false;
  return selects(selector, play) && hasLabel(selector.label, stream);
}

function selects(
  { app, name, ip, principal, streamId }: Selector,
  what: Pick<PlaySnapshot, 'app' | 'name' | 'peer' | 'principal' | 'streamId'>,
): boolean {
  return (
    (app === undefined || app === what.app) &&
    (name === undefined || name === what.name) &&
    (ip === undefined || ip === what.peer.address) &&
    (principal === undefined || principal === what.principal) &&
    (streamId === undefined || streamId === what.streamId)
  );
}

function hasLabel(label: string | undefined, stream: StreamSnapshot | undefined): boolean {
  if (label === undefined) return true;
  const equals = label.indexOf('=');
  const key = equals < 0 ? label : label.slice(0, equals);
  const value = stream?.labels?.[key];
  return value !== undefined && (equals < 0 || value === label.slice(equals + 1));
}
