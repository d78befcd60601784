import { beginsWithName, readDataMessage } from '../messages/data-message.js';
import { type InboundMessage, valuesOrRefusal } from '../messages/inbound-message.js';
import type { NetStream } from './net-stream.js';
import { streamInput } from './net-stream-effects.js';
import type { SessionCore } from './session-core.js';

/** Takes a data message of a publishing NetStream: it is passed on, forgets a cached one, or is dropped. */
export function takeData(core: SessionCore, stream: NetStream, message: InboundMessage): void {
  const { type, payload, timestamp } = message;
  const values = valuesOrRefusal(message);
  const data = Array.isArray(values) ? readDataMessage(type, payload, values) : values.code;
  if (data === undefined) {
    core.drop('data_without_name');
    return;
  }
  if (typeof data === 'string') {
    if (beginsWithName(type, payload)) core.emit({ kind: 'dataRefused', messageStreamId: stream.id, code: data });
    else core.drop('data_without_name');
    return;
  }
  if (data.kind === 'empty') {
    core.drop('metadata_without_content');
    return;
  }
  if (data.kind === 'clear') {
    core.emit({ kind: 'dataCleared', messageStreamId: stream.id, name: data.name });
    return;
  }
  const { kind: _kind, ...rest } = data;
  streamInput(core, stream, { input: 'data', timestamp, ...rest });
}
