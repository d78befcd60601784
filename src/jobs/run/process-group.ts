import { processIds, processStat } from './proc.js';

/**
 * Sends a signal to all processes of a group.
 *
 * @param pgid above 1
 * @returns whether there was a process to send it to
 */
export function signalGroup(pgid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  return send(pgid, signal);
}

/** Whether a group has processes, be they zombies. */
export function hasGroup(pgid: number): boolean {
  return send(pgid, 0);
}

/**
 * Whether a process of a group still runs. Zombies do not count: where the process with id 1 does not ask for the ends
 * of orphans, as in many containers, they stay for ever. Reads all of /proc, which takes some ms.
 */
export function hasLivingMember(pgid: number): boolean {
  if (!hasGroup(pgid)) return false;
  const ids = processIds();
  if (ids.length === 0) return true;
  return ids.some((pid) => {
    const found = processStat(pid);
    return found !== undefined && found.pgid === pgid && found.state !== 'Z' && found.state !== 'X';
  });
}

function send(pgid: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // EPERM: there are processes, and all of them run as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
