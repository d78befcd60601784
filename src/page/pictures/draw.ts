import type { Mpegts } from '../mpegts.js';
import { type Keyframe, lasting } from './keyframe.js';

/** Pixels of a picture at most, across: tiles are no wider. */
const WIDEST = 480;
/** How long a video element may take for one picture, in ms. */
const ELEMENT_MS = 5000;

/**
 * Decodes a keyframe onto a canvas, which gets its size. The decoder is closed at once.
 *
 * @throws Error when the decoder does not take it, or makes nothing of it
 */
export async function drawDecoded(canvas: HTMLCanvasElement, { codec, description, data }: Keyframe): Promise<void> {
  const frames: VideoFrame[] = [];
  let failure: Error | undefined;
  const decoder = new VideoDecoder({
    output: (frame) => frames.push(frame),
    error: (error) => {
      failure = error;
    },
  });
  try {
    decoder.configure({ codec, ...(description === undefined ? {} : { description }), optimizeForLatency: true });
    decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp: 0, data }));
    await decoder.flush();
    const [frame] = frames;
    if (frame === undefined) throw failure ?? new Error('no picture came of the keyframe');
    draw(canvas, frame, frame.displayWidth, frame.displayHeight);
  } finally {
    for (const frame of frames) frame.close();
    if (decoder.state !== 'closed') decoder.close();
  }
}

/**
 * Has a video element show the only frame of an FLV file, and copies its picture onto a canvas.
 *
 * @param flv borrowed
 * @throws Error when none comes in time
 */
export async function drawByElement(canvas: HTMLCanvasElement, flv: Uint8Array): Promise<void> {
  const { default: mpegts } = await import('../mpegts.js');
  const video = document.createElement('video');
  video.muted = true;
  const player = mpegts.createPlayer(
    { type: 'flv', url: location.href, hasAudio: false, hasVideo: true },
    { enableWorker: false, enableStashBuffer: false, customLoader: loaderOf(lasting(flv), mpegts.BaseLoader) },
  );
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no picture came of the keyframe')), ELEMENT_MS);
      const end = (done: () => void) => () => {
        clearTimeout(timer);
        done();
      };
      video.addEventListener('loadeddata', end(resolve), { once: true });
      player.on(
        mpegts.Events.ERROR,
        end(() => reject(new Error('the keyframe could not be played'))),
      );
      player.attachMediaElement(video);
      player.load();
    });
    draw(canvas, video, video.videoWidth, video.videoHeight);
  } finally {
    player.destroy();
  }
}

/** Gives the player bytes that are here already, in place of what it would ask for. */
function loaderOf(bytes: Uint8Array, Base: Mpegts.BaseLoaderConstructor): Mpegts.CustomLoaderConstructor {
  return class extends Base {
    constructor() {
      super('memory');
    }

    override open(): void {
      this.onContentLengthKnown(bytes.length);
      this.onDataArrival(bytes.slice().buffer, 0, bytes.length);
      this.onComplete(0, bytes.length - 1);
    }

    override abort(): void {}
  };
}

function draw(canvas: HTMLCanvasElement, source: CanvasImageSource, width: number, height: number): void {
  const scale = Math.min(1, WIDEST / width);
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d', { alpha: false })?.drawImage(source, 0, 0, canvas.width, canvas.height);
}
