import type { PublishType } from '../../../model/recording.js';
import type { AmfValue } from '../../../wasm/amf-value.js';
import { type Call, stringArgument } from '../../messages/call.js';
import { onStatus } from '../../messages/status.js';
import { resolveStreamName, splitQuery } from '../names.js';
import { streamInput } from '../net-stream-effects.js';
import type { SessionCore } from '../session-core.js';

/** publish(name, type): asks the owner. publish(false) ends the publish. No `_result`: the answer is an onStatus. */
export function publish(core: SessionCore, call: Call): void {
  const [target, type] = call.args;
  if (target === false) {
    const known = core.streamMeant(call.messageStreamId);
    if (known !== undefined) streamInput(core, known, { input: 'unpublish' });
    return;
  }
  const name = stringArgument(target);
  if (name === undefined) {
    refuse(core, call, 'The stream name is no string.');
    return;
  }
  const { path, query } = splitQuery(name);
  const { maxNameBytes, maxQueryBytes } = core.settings;
  if (Buffer.byteLength(path) > maxNameBytes || Buffer.byteLength(query) > maxQueryBytes) {
    refuse(core, call, 'The stream name is too long.');
    return;
  }
  const stream = core.streamForUse(call.messageStreamId);
  if (stream === undefined) {
    refuse(core, call, 'There is no such message stream.');
    return;
  }
  const resolved = resolveStreamName(core.info.app, core.appQuery, name);
  streamInput(core, stream, { input: 'publish', requestedName: path, ...resolved, publishType: publishType(type) });
}

function publishType(value: AmfValue): PublishType {
  const type = typeof value === 'string' ? value.toLowerCase() : '';
  if (type === 'record') return 'record';
  return type.startsWith('append') ? 'append' : 'live';
}

function refuse(core: SessionCore, call: Call, description: string): void {
  core.send(onStatus(call.messageStreamId, 'NetStream.Publish.BadName', description));
  core.closeUnlessActive('ERR_SESSION_PUBLISH_REFUSED', description);
}
