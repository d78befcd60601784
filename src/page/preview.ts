import { ask } from './api.js';
import { jumpTo } from './live-edge.js';
import { socketLoader } from './socket-loader.js';

/** What a preview tells while it plays. */
export interface PreviewState {
  /** Something was shown or heard. */
  readonly isPlaying: boolean;
  readonly frames: number;
  readonly dropped: number;
  /** How much of what has come is still to be shown, in ms. */
  readonly behindMs: number;
}

/** How often it tells, in ms. */
const TELL_MS = 500;

/**
 * Plays a stream in a video element until it is stopped.
 *
 * @param video muted or not, as it is
 * @param kinds what of the stream is played
 * @param signal it is not wanted any more, while it is beginning
 * @param onState how it goes
 * @param onEnd why it plays no more, in a sentence; not called after `stop`
 * @returns `stop`
 * @throws ApiError when the server does not let it begin
 */
export async function playPreview(
  video: HTMLVideoElement,
  streamId: string,
  kinds: { readonly hasVideo: boolean; readonly hasAudio: boolean },
  signal: AbortSignal,
  onState: (state: PreviewState) => void,
  onEnd: (why: string) => void,
): Promise<() => void> {
  const [{ default: mpegts }, { path }] = await Promise.all([
    import('./mpegts.js'),
    ask<{ path: string }>(`/v1/streams/${encodeURIComponent(streamId)}/preview`, { method: 'POST', body: {}, signal }),
  ]);
  // Another one may play in the element by now.
  signal.throwIfAborted();
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const player = mpegts.createPlayer(
    { type: 'flv', isLive: true, url: url.href, ...kinds },
    // A worker would be a script of its own origin, which the policy of the page does not let in.
    {
      ...{ enableWorker: false, enableStashBuffer: false, liveSync: true, autoCleanupSourceBuffer: true },
      customLoader: socketLoader(mpegts.BaseLoader),
    },
  );
  let timer = 0;
  const stop = (): void => {
    if (timer === 0) return;
    clearInterval(timer);
    timer = 0;
    player.destroy();
    video.removeAttribute('src');
    video.load();
  };
  const end = (why: string): void => {
    if (timer === 0) return;
    stop();
    onEnd(why);
  };
  timer = window.setInterval(() => {
    catchUp(video);
    onState(stateOf(video));
  }, TELL_MS);
  player.on(mpegts.Events.ERROR, (_: string, detail: string) => end(wordsOf(detail)));
  player.on(mpegts.Events.LOADING_COMPLETE, () => end('The stream has ended, or the server closed the preview.'));
  player.attachMediaElement(video);
  player.load();
  const started = player.play();
  if (started instanceof Promise)
    started.catch((error: Error) => end(`The browser does not play it: ${error.message}`));
  return stop;
}

/** Goes on near the newest media when it has fallen far behind. */
function catchUp(video: HTMLVideoElement): void {
  const place = jumpTo(video.currentTime, newestOf(video));
  if (place !== undefined) video.currentTime = place;
}

/** The end of what has come, in s; where it is when nothing has. */
function newestOf({ buffered, currentTime }: HTMLVideoElement): number {
  return buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1);
}

function stateOf(video: HTMLVideoElement): PreviewState {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  return {
    isPlaying: totalVideoFrames > 0 || video.played.length > 0,
    ...{ frames: totalVideoFrames, dropped: droppedVideoFrames },
    behindMs: Math.max(0, newestOf(video) - video.currentTime) * 1000,
  };
}

/** Why the player gave up, from its word for it. */
function wordsOf(detail: string): string {
  if (detail === 'CodecUnsupported') return 'The player of this page cannot unpack a codec of this stream.';
  if (detail === 'MediaMSEError') return 'The browser does not take the media of this stream.';
  return 'The connection to the server was lost.';
}
