import type { HookFormat } from './format.js';

/** CloudEvents 1.0, structured JSON: the event as it is in the journal and on NATS. Any 2xx takes it. */
export const cloudEvents: HookFormat = {
  contentType: 'application/cloudevents+json',
  needsStart: false,
  tells: () => true,
  body: ({ json }) => json,
  isTaken: () => true,
  test: ({ nodeId, bootId }, name, id, nowMs) =>
    Buffer.from(
      JSON.stringify({
        specversion: '1.0',
        id,
        source: `/sluice/${nodeId}/${bootId}`,
        type: 'io.sluice.webhook.test',
        subject: name,
        time: new Date(nowMs).toISOString(),
        datacontenttype: 'application/json',
        data: { webhook: name },
      }),
    ),
};
