import type { Config } from '../config/table.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import { FileStore } from '../recording/file-store.js';
import type { MediaFolder } from '../vod/media-files.js';
import { RecordedStreams } from '../vod/recorded-streams.js';
import { mediaRoot } from './options.js';

/** Makes what plays files below `media.root`. Nothing is opened before a file is asked for. */
export function recordedStreams(
  config: Config,
  deps: { readonly log: Logger; readonly nowMs: () => number; readonly memory: MemoryAccount },
): RecordedStreams {
  return new RecordedStreams(config.vod, mediaFolder(mediaRoot(config), deps.log), deps.nowMs, deps.memory);
}

/** A folder that cannot be opened holds no file, which is logged once: what is live has nothing to do with it. */
function mediaFolder(root: string, log: Logger): MediaFolder {
  let opening: Promise<FileStore> | undefined;
  return {
    read: async (path) => {
      opening ??= FileStore.open(root).catch((error: unknown) => {
        log.warn({ err: error, code: 'ERR_MEDIA_MISSING' }, 'media.root cannot be opened: no file can be played');
        throw new SluiceError('ERR_MEDIA_MISSING', '', { cause: error });
      });
      const store = await opening;
      return store.read(path);
    },
  };
}
