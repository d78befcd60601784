import { resolveConfig } from '../../../src/config/load.js';
import type { Logger } from '../../../src/core/log.js';
import type { SharedObjectNews } from '../../../src/model/shared-object-news.js';
import type { ObjectFiles } from '../../../src/shared-objects/object-files.js';
import { SharedObjects, type SharedObjectsOptions } from '../../../src/shared-objects/shared-objects.js';

/** A store with the settings' defaults, and what it has told. By default every app may use objects. */
export function sharedObjects(
  log: Logger,
  nowMs: () => number,
  o: { options?: Partial<SharedObjectsOptions>; files?: ObjectFiles; memory?: { readonly isOver: boolean } } = {},
): { readonly objects: SharedObjects; readonly news: SharedObjectNews[] } {
  const news: SharedObjectNews[] = [];
  const options = { ...resolveConfig().sharedObjects, apps: ['*'], persistentApps: ['*'], ...o.options };
  const objects = new SharedObjects(options, {
    ...{ log, nowMs, files: o.files, memory: o.memory ?? { isOver: false } },
    problem: ({ name }) => (name === 'bad name' ? 'a blank' : undefined),
    tell: (told) => void news.push(told),
  });
  return { objects, news };
}
