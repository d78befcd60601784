import type { AmfInput } from '../messages/amf0-writer.js';
import { helloObject, NODE_MEMBER } from '../messages/node-link.js';
import type { ClientSessionOptions } from './actions.js';

/** The object of the connect command. */
export function connectObject(options: ClientSessionOptions): { [key: string]: AmfInput } {
  const { app, tcUrl, mode, flashVer, connectExtras, hello } = options;
  const common = { app, flashVer: flashVer ?? 'FMLE/3.0 (compatible; Sluice)', tcUrl };
  const own =
    mode === 'publish'
      ? { type: 'nonprivate' }
      : { fpad: false, capabilities: 15, audioCodecs: 4071, videoCodecs: 252, videoFunction: 1 };
  const node = hello === undefined ? {} : { [NODE_MEMBER]: helloObject(hello) };
  return { ...common, ...own, ...connectExtras, ...node };
}
