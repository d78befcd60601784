import { type Call, type CommandHandler, replyError, replyResult } from '../../messages/call.js';
import type { SessionCore } from '../session-core.js';
import { fcPublish, fcSubscribe, fcUnpublish, fcUnsubscribe, releaseStream } from './fmle.js';
import { getStreamLength, pause, play, play2, receiveAudio, receiveVideo, seek } from './play.js';
import { publish } from './publish.js';
import { requestCall, takeAnswer } from './remote-call.js';
import { closeStream, createStream, deleteStream } from './streams.js';

/** Every command after connect, by its name as sent. It is a `Map`, so that no name reaches `Object.prototype`. */
export const COMMANDS: ReadonlyMap<string, CommandHandler> = new Map<string, CommandHandler>([
  ['releaseStream', releaseStream],
  ['FCPublish', fcPublish],
  ['FCUnpublish', fcUnpublish],
  ['FCSubscribe', fcSubscribe],
  ['FCUnsubscribe', fcUnsubscribe],
  ['createStream', createStream],
  ['closeStream', closeStream],
  ['deleteStream', deleteStream],
  ['publish', publish],
  ['play', play],
  ['play2', play2],
  ['pause', pause],
  ['seek', seek],
  ['receiveAudio', receiveAudio],
  ['receiveVideo', receiveVideo],
  ['getStreamLength', getStreamLength],
  // Haivision encoders wait for an answer to this one.
  ['_checkbw', (core, call) => replyResult(core, call, null, null)],
  // Answering an answer could go on for ever.
  ['_result', takeAnswer],
  ['_error', takeAnswer],
  ['onStatus', () => undefined],
]);

/**
 * Runs a command. One that there is not is passed on, where calls of the app are; else it is answered with Call.Failed
 * when it wants an answer. Another node of the cluster has nothing to call but what plays its stream.
 */
export function runCommand(core: SessionCore, call: Call): void {
  const handler = COMMANDS.get(call.name);
  if (core.info.node !== undefined && (handler === undefined || handler === getStreamLength)) {
    replyError(core, call, 'A node calls nothing.');
    core.drop('node_unfit');
  } else if (handler !== undefined) handler(core, call);
  else if (requestCall(core, call)) return;
  else if (!replyError(core, call, 'There is no such method.')) core.drop('command_unknown');
}
