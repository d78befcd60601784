/** What the publisher's `onMetaData` claims. Sizes in pixels, rates in Hz and kbit/s. */
export interface StreamMetadata {
  readonly encoder?: string;
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  readonly videoKbps?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  readonly audioKbps?: number;
}
