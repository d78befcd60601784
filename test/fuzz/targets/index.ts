import type { FuzzTarget } from '../target.js';
import { amf0 } from './amf.js';
import { chunkReader, framer } from './chunks.js';
import { config, flv } from './files.js';
import { handshake } from './handshakes.js';
import { inspect } from './inspect.js';
import { mediaPeek } from './media.js';
import { subjects } from './names.js';
import { tunnel } from './tunnel.js';

/** Everything that reads bytes of others and is searched for inputs that break it. */
export const TARGETS: readonly FuzzTarget[] = [
  chunkReader,
  framer,
  amf0,
  handshake,
  mediaPeek,
  flv,
  inspect,
  subjects,
  config,
  tunnel,
];
