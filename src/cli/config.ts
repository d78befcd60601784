import { describeJson, describeYaml } from '../config/describe.js';
import { type ConfigOptions, configFrom } from './config-flags.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** `sluice config`: prints what the server would run with. Returns the exit code. */
export function config(options: ConfigOptions & { readonly json?: boolean }, io: Io): number {
  const loaded = configFrom(options, io);
  for (const warning of loaded.warnings) io.err(`sluice: ${warning}\n`);
  io.out(options.json === true ? describeJson(loaded) : describeYaml(loaded));
  return EXIT.ok;
}
