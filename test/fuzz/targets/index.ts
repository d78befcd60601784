import type { FuzzTarget } from '../target.js';
import { amf0, amf3 } from './amf.js';
import { chunkReader, framer } from './chunks.js';
import { nodeLink, owners, relayTicket, yieldMessages } from './cluster.js';
import { config, flv } from './files.js';
import { handshake } from './handshakes.js';
import { inspect } from './inspect.js';
import { mediaPeek } from './media.js';
import { mp4 } from './mp4.js';
import { subjects } from './names.js';
import { sharedObjects } from './shared-objects.js';
import { tunnel } from './tunnel.js';

/** Everything that reads bytes of others and is searched for inputs that break it. */
export const TARGETS: readonly FuzzTarget[] = [
  chunkReader,
  framer,
  amf0,
  amf3,
  handshake,
  mediaPeek,
  flv,
  mp4,
  inspect,
  subjects,
  config,
  tunnel,
  sharedObjects,
  relayTicket,
  nodeLink,
  yieldMessages,
  owners,
];
