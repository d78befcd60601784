/** What kind of media a message carries: message type 8 is audio, 9 is video. */
export type MediaKind = 'audio' | 'video';

/**
 * The facts of one audio or video track, as events and the API show them. An absent member is not known (yet), never
 * zero.
 */
export interface Track {
  /** 0 is the default track; 1 to 255 are track ids of Enhanced RTMP multitrack. */
  readonly id: number;
  readonly kind: MediaKind;
  /**
   * RFC 6381 codec string where one exists (`avc1.64001f`, `mp4a.40.2`), otherwise the codec's plain name (`flv1`,
   * `speex`).
   */
  readonly codec: string;
  /** Displayed width in pixels, after cropping. */
  readonly width?: number;
  /** Displayed height in pixels, after cropping. */
  readonly height?: number;
  /** Frames per second as measured; missing until it is. */
  readonly fps?: number;
  /** Frames per second as `onMetaData` claims, else as the header states. */
  readonly declaredFps?: number;
  /** Output sample rate in Hz (after SBR; always 48000 for Opus). */
  readonly sampleRate?: number;
  /** Output channels, LFE included. */
  readonly channels?: number;
  /** Bit rate of the payload in kbit/s as measured; missing until it is. */
  readonly kbps?: number;
  /** Bit rate in kbit/s as `onMetaData` claims. */
  readonly declaredKbps?: number;
}
