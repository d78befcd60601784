import { type InboundMessage, readValues } from '../messages/inbound-message.js';
import { AUDIENCE_MESSAGE, readAudience } from '../messages/node-link.js';
import type { SessionCore } from './session-core.js';

/**
 * Takes a data message of a client that publishes nothing there: a node of the cluster tells how many players it has.
 * Everything else is dropped.
 */
export function takeStrayData(core: SessionCore, message: InboundMessage): void {
  const { messageStreamId } = message;
  if (core.info.node === undefined || core.streams.get(messageStreamId)?.state !== 'playing') {
    core.drop('data_without_publish');
    return;
  }
  const [name, ...values] = readValues(message) ?? [];
  const players = name === AUDIENCE_MESSAGE ? readAudience(values) : undefined;
  if (players === undefined) core.drop('audience_unreadable');
  else core.emit({ kind: 'audienceTold', messageStreamId, players });
}
