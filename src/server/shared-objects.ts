import { join } from 'node:path';
import type { Config } from '../config/table.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { NameRule } from '../core/names.js';
import type { FactSide } from '../live/access.js';
import { ObjectFiles } from '../shared-objects/object-files.js';
import { SharedObjects, type SharedObjectsOptions } from '../shared-objects/shared-objects.js';

/** The bounds of shared objects. */
export function sharedObjectsOptions({ sharedObjects }: Config): SharedObjectsOptions {
  return {
    apps: sharedObjects.apps,
    persistentApps: sharedObjects.persistentApps,
    maxObjects: sharedObjects.maxObjects,
    maxObjectsPerConnection: sharedObjects.maxObjectsPerConnection,
    maxFiles: sharedObjects.maxFiles,
    maxSlots: sharedObjects.maxSlots,
    maxSlotBytes: sharedObjects.maxSlotBytes,
    maxObjectBytes: sharedObjects.maxObjectBytes,
    maxTotalBytes: sharedObjects.maxTotalBytes,
    messagesPerSecond: sharedObjects.messagesPerSecond,
  };
}

/**
 * Opens the folder of persistent objects.
 *
 * @returns undefined when no app may have any
 * @throws SluiceError `ERR_DATA_FOLDER_NOT_OURS`; the system's error
 */
export async function openObjectFiles({ sharedObjects, data }: Config): Promise<ObjectFiles | undefined> {
  return sharedObjects.persistentApps.length === 0 ? undefined : ObjectFiles.open(join(data, 'shared-objects'));
}

/** Makes the store of shared objects. What happens to them is reported to the fact side. */
export function makeSharedObjects(
  config: Config,
  deps: {
    readonly files: ObjectFiles | undefined;
    readonly facts: FactSide;
    readonly names: NameRule;
    readonly memory: MemoryAccount;
    readonly log: Logger;
    readonly nowMs: () => number;
  },
): SharedObjects {
  const { facts, names, memory } = deps;
  const objects = new SharedObjects(sharedObjectsOptions(config), {
    ...deps,
    problem: (of) => names.problem(of),
    tell: (news) => facts.report({ kind: 'sharedObjectNews', news }),
  });
  memory.register('shared_objects', () => objects.bytes);
  return objects;
}
