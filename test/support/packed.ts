import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.js';
import { repository } from './repository.js';

/** The package as npm packs it; what `npm pack --json` tells of it. */
export interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Packs the package into a folder. The build is there already: packing must not depend on building again. */
export async function pack(folder: string): Promise<Packed> {
  const child = new Child(['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: repository(),
  });
  await child.finish(60_000);
  return (JSON.parse(child.stdout) as Packed[])[0]!;
}

/**
 * Installs the tarball into a new folder without a lock file, as a user's project would; engines that do not fit are
 * errors.
 *
 * @param env environment to add, such as the PATH of another Node
 */
export async function installPacked(tarball: string, into: string, env: Record<string, string> = {}): Promise<void> {
  mkdirSync(into);
  writeFileSync(join(into, 'package.json'), '{ "name": "user", "version": "1.0.0", "type": "module" }');
  const flags = ['--engine-strict', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  const npm = new Child(['npm', 'install', ...flags, tarball], { cwd: into, env });
  const { code } = await npm.finish(120_000);
  if (code !== 0) throw new Error(npm.output);
}
