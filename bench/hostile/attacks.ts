import type { Attack } from './attack.js';
import { HTTP_ATTACKS } from './http-attacks.js';
import { MEDIA_ATTACKS } from './media-attacks.js';
import { SOCKET_ATTACKS } from './socket-attacks.js';

/** Every attack, in the order in which they are run. */
export const ATTACKS: readonly Attack[] = [...MEDIA_ATTACKS, ...SOCKET_ATTACKS, ...HTTP_ATTACKS];

/** Attacks by name; all of them when no name is given. @throws Error with the known names */
export function attacksNamed(names: readonly string[]): Attack[] {
  if (names.length === 0) return [...ATTACKS];
  return names.map((name) => {
    const attack = ATTACKS.find((a) => a.name === name);
    if (attack === undefined)
      throw new Error(`there is no attack "${name}": one of ${ATTACKS.map((a) => a.name).join(', ')}`);
    return attack;
  });
}
