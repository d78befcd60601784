import { factsOf, hasCall } from './client-facts.js';
import type { HookFormat } from './format.js';

/** SRS names callbacks like this. */
const ACTIONS = { publish: 'on_publish', publishDone: 'on_unpublish', play: 'on_play', playDone: 'on_stop' } as const;
/** What SRS says of a server without virtual hosts. URLs of such streams have no host. */
const DEFAULT_VHOST = '__defaultVhost__';

/** The form of the HTTP callbacks of SRS: `0` or `{"code": 0}` takes it. */
export const srs: HookFormat = {
  contentType: 'application/json',
  needsStart: true,
  tells: hasCall,
  body: ({ event }, start) => {
    const { call, nodeId, bootId, streamId, connectionId, address, app, name, tcUrl } = factsOf(event, start);
    return Buffer.from(
      JSON.stringify({
        server_id: nodeId,
        service_id: bootId,
        action: ACTIONS[call],
        client_id: connectionId,
        ip: address,
        vhost: DEFAULT_VHOST,
        app,
        tcUrl,
        stream: name,
        param: '',
        stream_url: `/${app}/${name}`,
        stream_id: streamId,
        ...(call === 'play' ? { pageUrl: '' } : {}),
      }),
    );
  },
  test: ({ nodeId, bootId }, name) =>
    Buffer.from(JSON.stringify({ server_id: nodeId, service_id: bootId, action: 'on_test', webhook: name })),
  isTaken: (body) => {
    try {
      const value: unknown = JSON.parse(body.toString('utf8'));
      return value === 0 || (typeof value === 'object' && value !== null && (value as { code?: unknown }).code === 0);
    } catch {
      return false;
    }
  },
};
