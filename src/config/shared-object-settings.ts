import { z } from '../core/zod.js';
import { bytes, count, words } from './setting.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const LIVE = { reload: 'live' } as const;
const app = z.string().min(1).max(512);

/** Settings of remote shared objects: the group `sharedObjects` of the table. */
export const SHARED_OBJECT_SETTINGS = {
  apps: words(
    app,
    'a list of apps, or `*`',
    [],
    'Apps whose clients may use remote shared objects. `*` stands for every app. Empty: nobody may.',
    LIVE,
  ),
  persistentApps: words(
    app,
    'a list of apps, or `*`',
    [],
    'Those of sharedObjects.apps whose clients may have objects that are kept in files below the data folder. `*` stands for every app.',
    LIVE,
  ),
  maxObjects: count(1, 1_000_000, 1000, 'Most shared objects in memory: those that somebody uses.', LIVE),
  maxObjectsPerConnection: count(1, 1000, 16, 'Most shared objects that one connection uses.', LIVE),
  maxFiles: count(0, 1_000_000, 1000, 'Most shared objects that are kept in files.', LIVE),
  maxSlots: count(1, 16_384, 1024, 'Most slots of a shared object.', LIVE),
  maxSlotBytes: bytes(64, 60 * KiB, 32 * KiB, 'Largest value of a slot.', LIVE),
  maxObjectBytes: bytes(2 * KiB, 16 * MiB, MiB, 'What one shared object may take, names and values.', LIVE),
  maxTotalBytes: bytes(
    64 * KiB,
    64 * 1024 * MiB,
    64 * MiB,
    'What all shared objects in memory may take. Past it they can shrink and not grow.',
    LIVE,
  ),
  messagesPerSecond: count(
    1,
    10_000,
    60,
    'Messages about shared objects that one connection may send, a second; two seconds’ worth at once. A connection that sends more is closed.',
    LIVE,
  ),
} as const;
