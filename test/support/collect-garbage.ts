import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Has the collector take everything that nobody holds. */
export const collectGarbage = runInNewContext('gc') as () => void;
