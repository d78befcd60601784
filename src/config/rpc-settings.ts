import { z } from '../core/zod.js';
import { count, milliseconds, words } from './setting.js';

const LIVE = { reload: 'live' } as const;

/** Settings of calls of clients that programs answer: the group `rpc` of the table. */
export const RPC_SETTINGS = {
  apps: words(
    z.string().min(1).max(512),
    'a list of apps, or `*`',
    [],
    'Apps whose clients may call methods of programs: a command that Sluice does not have is asked of whoever answers `<events.prefix>.rpc.<app>.<method>` on NATS. `*` stands for every app. Empty, or without nats.url: such commands are refused.',
    { reload: 'new' },
  ),
  timeoutMs: milliseconds(10, 60_000, 5000, 'How long a program may take for the answer to a call.', LIVE),
  maxPending: count(1, 65_536, 1024, 'Calls that wait for an answer, over all connections; 16 on each.', LIVE),
  callsPerSecond: count(
    0,
    1000,
    20,
    'How many calls one connection may make, a second, beyond two seconds’ worth at once; 0: no limit besides limits.commandsPerSecond. A call past it is answered with an error, and no program gets it.',
    LIVE,
  ),
} as const;
