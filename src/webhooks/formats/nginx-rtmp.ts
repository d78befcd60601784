import { factsOf, hasCall } from './client-facts.js';
import type { HookFormat } from './format.js';

/** nginx-rtmp names calls like this. */
const CALLS = { publish: 'publish', publishDone: 'publish_done', play: 'play', playDone: 'play_done' } as const;

/** The form of the notify module of nginx-rtmp. Any 2xx takes it. */
export const nginxRtmp: HookFormat = {
  contentType: 'application/x-www-form-urlencoded',
  needsStart: true,
  tells: hasCall,
  body: ({ event }, start) => {
    const { call, connectionId, address, app, name, tcUrl, program } = factsOf(event, start);
    const form = new URLSearchParams({
      ...{ app, flashver: program, swfurl: '', tcurl: tcUrl, pageurl: '', addr: address, clientid: connectionId },
      ...{ call: CALLS[call], name },
    });
    if (call === 'publish') form.set('type', 'live');
    if (call === 'play') for (const key of ['start', 'duration', 'reset']) form.set(key, '0');
    return Buffer.from(form.toString());
  },
  test: (_, name) => Buffer.from(new URLSearchParams({ call: 'test', webhook: name }).toString()),
  isTaken: () => true,
};
