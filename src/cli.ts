#!/usr/bin/env node
// Little is imported here, and only this much without `await`: where the process may open few files, loading the rest
// fails, and that is to be said in words too.
import { OPERATOR_ERRORS } from './core/errors-operator.js';

try {
  const [{ processIo }, { main }] = [await import('./cli/io.js'), await import('./cli/main.js')];
  process.exit(await main(process.argv.slice(2), processIo()));
} catch (error) {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  const { says, hint } = OPERATOR_ERRORS.ERR_DESCRIPTORS;
  process.stderr.write(`sluice: ${says}: ${message}\n  what to do: ${hint}\n  code: ERR_DESCRIPTORS\n`);
  process.exit(1);
}
