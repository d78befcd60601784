import { streamBegin, streamEof, streamIsRecorded } from '../messages/control.js';
import { onStatus, playComplete, reconnectRequest, sampleAccess } from '../messages/status.js';
import type { InputDetails, NetStream } from './net-stream.js';
import type { SessionCore } from './session-core.js';
import type { NetStreamEffect } from './transitions.js';

type EffectFunction = (core: SessionCore, stream: NetStream, details: InputDetails) => void;

/** The details of one of the inputs. */
type DetailsOf<Input> = Extract<InputDetails, { readonly input: Input }>;

function comesWith<Input extends InputDetails['input']>(
  input: Input,
  details: InputDetails,
): details is DetailsOf<Input> {
  return details.input === input;
}

/** An effect that uses the details of `input`. The table runs it on no other input; a test goes through all cells. */
function on<Input extends InputDetails['input']>(
  input: Input,
  run: (core: SessionCore, stream: NetStream, details: DetailsOf<Input>) => void,
): EffectFunction {
  return (core, stream, details) => {
    if (!comesWith(input, details)) throw new Error(`an effect of ${input} was run on ${details.input}`);
    run(core, stream, details);
  };
}

function requestPublish(core: SessionCore, stream: NetStream, details: DetailsOf<'publish'>): void {
  const { input: _input, requestedName, ...request } = details;
  stream.requestId = core.nextRequestId();
  stream.requestedName = requestedName;
  core.emit({ kind: 'publishRequested', requestId: stream.requestId, messageStreamId: stream.id, ...request });
}

function requestPlay(core: SessionCore, stream: NetStream, details: DetailsOf<'play'>): void {
  const { input: _input, requestedName, ...request } = details;
  stream.requestId = core.nextRequestId();
  stream.requestedName = requestedName;
  stream.isReset = request.reset;
  core.emit({ kind: 'playRequested', requestId: stream.requestId, messageStreamId: stream.id, ...request });
}

function startPlay(core: SessionCore, stream: NetStream, { isRecorded }: DetailsOf<'play_accepted'>): void {
  stream.requestId = 0;
  stream.isRecorded = isRecorded;
  if (isRecorded) core.send(streamIsRecorded(stream.id));
  core.send(streamBegin(stream.id));
  if (stream.isReset) core.send(onStatus(stream.id, 'NetStream.Play.Reset', 'Playing and resetting.'));
  core.send(onStatus(stream.id, 'NetStream.Play.Start', 'Started playing.'));
  core.send(sampleAccess(stream.id));
  if (isRecorded && stream.bufferMs !== undefined)
    core.emit({ kind: 'bufferChanged', messageStreamId: stream.id, bufferMs: stream.bufferMs });
  // receiveAudio(false) may come before play, and only now there is a player that it applies to.
  if (!stream.receivesAudio || !stream.receivesVideo) {
    core.emit({
      kind: 'receiveChanged',
      messageStreamId: stream.id,
      audio: stream.receivesAudio,
      video: stream.receivesVideo,
    });
  }
}

function changeReceive(core: SessionCore, stream: NetStream, details: DetailsOf<'receive'>): void {
  const { input: _input, ...kinds } = details;
  const { audio, video } = kinds;
  const wasOn = stream.receivesAudio && stream.receivesVideo;
  stream.receivesAudio = audio ?? stream.receivesAudio;
  stream.receivesVideo = video ?? stream.receivesVideo;
  if (stream.state !== 'playing' && stream.state !== 'paused') return;
  if (!wasOn && (audio === true || video === true)) {
    core.send(onStatus(stream.id, 'NetStream.Seek.Notify', 'Receiving again from the live edge.'));
    core.send(onStatus(stream.id, 'NetStream.Play.Start', 'Started playing.'));
  }
  core.emit({ kind: 'receiveChanged', messageStreamId: stream.id, ...kinds });
}

function refuse(core: SessionCore, stream: NetStream, refusal: DetailsOf<'publish_rejected' | 'play_rejected'>): void {
  const { code, description, redirectUrl } = refusal;
  stream.requestId = 0;
  if (redirectUrl !== undefined && core.understandsReconnect) core.send(reconnectRequest(redirectUrl, description));
  else core.send(onStatus(stream.id, code, description));
}

function failSeek(core: SessionCore, stream: NetStream): void {
  core.send(onStatus(stream.id, 'NetStream.Seek.Failed', 'A live stream cannot seek.'));
}

function stopPlay(core: SessionCore, stream: NetStream): void {
  stream.requestId = 0;
  core.emit({ kind: 'playStopped', messageStreamId: stream.id });
}

function stopPublish(core: SessionCore, stream: NetStream): void {
  stream.requestId = 0;
  core.emit({ kind: 'publishStopped', messageStreamId: stream.id, reason: 'client_unpublish' });
}

/** What each effect of the table does. */
export const NET_STREAM_EFFECTS: Readonly<Record<NetStreamEffect, EffectFunction>> = {
  ignore: () => undefined,
  request_publish: on('publish', requestPublish),
  refuse_publish: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Publish.BadName', 'This NetStream is in use already.'));
  },
  start_publish: (core, stream) => {
    stream.requestId = 0;
    core.send(streamBegin(stream.id));
    core.send(onStatus(stream.id, 'NetStream.Publish.Start', 'Publishing.'));
  },
  reject_publish: on('publish_rejected', (core, stream, details) => {
    refuse(core, stream, details);
    core.closeUnlessActive('ERR_SESSION_PUBLISH_REFUSED', details.code);
  }),
  stop_publish: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Unpublish.Success', 'Publishing has ended.'));
    stopPublish(core, stream);
  },
  cancel_publish: stopPublish,
  drop_publish: stopPublish,
  kick_publish: on('kick', (core, stream, details) => {
    stream.requestId = 0;
    core.send(onStatus(stream.id, details.status, details.description));
  }),
  request_play: on('play', requestPlay),
  request_other_play: on('play', (core, stream, details) => {
    stopPlay(core, stream);
    requestPlay(core, stream, details);
  }),
  refuse_play: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Play.Failed', 'This NetStream is publishing.'));
  },
  start_play: on('play_accepted', startPlay),
  reject_play: on('play_rejected', (core, stream, details) => {
    refuse(core, stream, details);
    core.closeUnlessActive('ERR_SESSION_PLAY_REFUSED', details.code);
  }),
  stop_play: stopPlay,
  kick_play: on('kick', (core, stream, details) => {
    stream.requestId = 0;
    const { status, description } = details;
    if (status !== 'NetStream.Play.Stop') core.send(onStatus(stream.id, status, description));
    core.send(onStatus(stream.id, 'NetStream.Play.Stop', description));
    core.send(streamEof(stream.id));
  }),
  end_play: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Play.Stop', 'The stream has ended.'));
    core.send(streamEof(stream.id));
    // curl waits for the end of the connection, not for a status.
    core.closeUnlessActive('ERR_SESSION_PLAY_ENDED', 'the publisher ended the stream');
  },
  notify_pause: (core, stream) => {
    core.send(streamEof(stream.id));
    core.send(onStatus(stream.id, 'NetStream.Pause.Notify', 'Paused.'));
    core.emit({ kind: 'pauseChanged', messageStreamId: stream.id, paused: true });
  },
  notify_unpause: (core, stream) => {
    core.send(streamBegin(stream.id));
    core.send(onStatus(stream.id, 'NetStream.Unpause.Notify', 'Playing again.'));
    core.emit({ kind: 'pauseChanged', messageStreamId: stream.id, paused: false });
  },
  fail_seek: failSeek,
  seek: on('seek', (core, stream, { positionMs }) => {
    if (!stream.isRecorded) {
      failSeek(core, stream);
      return;
    }
    core.send(streamEof(stream.id));
    core.send(onStatus(stream.id, 'NetStream.Seek.Notify', `Seeking ${Math.trunc(positionMs)} ms.`));
    core.send(streamBegin(stream.id));
    core.emit({ kind: 'seekRequested', messageStreamId: stream.id, positionMs });
  }),
  complete_play: on('play_completed', (core, stream, { seconds, bytes }) => {
    core.send(playComplete(stream.id, seconds, bytes));
    core.send(onStatus(stream.id, 'NetStream.Play.Stop', 'The file has ended.'));
    core.send(streamEof(stream.id));
    core.closeUnlessActive('ERR_SESSION_PLAY_ENDED', 'the file has ended');
  }),
  change_receive: on('receive', changeReceive),
  accept_data: on('data', (core, stream, { input: _input, ...data }) => {
    core.emit({ kind: 'data', messageStreamId: stream.id, ...data });
  }),
  notify_came: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Play.PublishNotify', 'The stream is being published.'));
  },
  notify_left: (core, stream) => {
    core.send(onStatus(stream.id, 'NetStream.Play.UnpublishNotify', 'The stream is not published any more.'));
  },
};

/** Moves a NetStream along its table and runs the effect. */
export function streamInput(core: SessionCore, stream: NetStream, details: InputDetails): void {
  NET_STREAM_EFFECTS[core.netStreamInput(stream, details.input)](core, stream, details);
}
