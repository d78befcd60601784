import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootPrefix } from '../as-root.js';
import { tempDir } from '../temp.js';

function asRoot(...command: readonly string[]): void {
  const [file, ...rest] = [...rootPrefix(), ...command] as [string, ...string[]];
  execFileSync(file, rest, { stdio: 'pipe' });
}

/** A small file system of its own (tmpfs): a disk that can be filled. Needs root, or sudo without a password. */
export class SmallDisk {
  readonly path: string;

  /** @param kibibytes its size */
  constructor(kibibytes: number) {
    this.path = join(tempDir('disk'), 'mnt');
    mkdirSync(this.path);
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=0777`, 'tmpfs', this.path);
  }

  /** Takes all the space that is left, as another program would. */
  fill(): void {
    const block = Buffer.alloc(4096);
    for (let i = 0; ; i++) {
      try {
        writeFileSync(join(this.path, `filler.${i}`), block);
      } catch {
        return;
      }
    }
  }

  /** Makes the disk larger. */
  grow(kibibytes: number): void {
    asRoot('mount', '-o', `remount,size=${kibibytes}k`, this.path);
  }

  unmount(): void {
    asRoot('umount', '-l', this.path);
  }
}
