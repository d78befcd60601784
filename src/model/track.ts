import { count, named, object, oneOf, quantity, type Shape, type TypeOf, text } from './shape.js';

/** The shape of a {@link MediaKind}. */
export const mediaKindShape = oneOf(['audio', 'video']);

/** What kind of media a message carries: message type 8 is audio, 9 is video. */
export type MediaKind = TypeOf<typeof mediaKindShape>;

const track = named(
  'Track',
  object(
    {
      /** 0 is the default track; 1 to 255 are track ids of Enhanced RTMP multitrack. */
      id: count,
      kind: mediaKindShape,
      /**
       * RFC 6381 codec string where one exists (`avc1.64001f`, `mp4a.40.2`), otherwise the codec's plain name (`flv1`,
       * `speex`).
       */
      codec: text(64),
    },
    {
      /** Displayed width in pixels, after cropping. */
      width: count,
      /** Displayed height in pixels, after cropping. */
      height: count,
      /** Frames per second as measured; missing until it is. */
      fps: quantity,
      /** Frames per second as `onMetaData` claims, else as the header states. */
      declaredFps: quantity,
      /** Output sample rate in Hz (after SBR; always 48000 for Opus). */
      sampleRate: quantity,
      /** Output channels, LFE included. */
      channels: count,
      /** Bit rate of the payload in kbit/s as measured; missing until it is. */
      kbps: quantity,
      /** Bit rate in kbit/s as `onMetaData` claims. */
      declaredKbps: quantity,
    },
  ),
);

/**
 * The facts of one audio or video track, as events and the API show them. An absent member is not known (yet), never
 * zero.
 */
export interface Track extends TypeOf<typeof track> {}

/** The shape of a {@link Track}. */
export const trackShape: Shape<Track> = track;
