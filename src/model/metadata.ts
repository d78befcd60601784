import { count, named, object, quantity, type Shape, type TypeOf, text } from './shape.js';

const metadata = named(
  'StreamMetadata',
  object(
    {},
    {
      encoder: text(),
      width: count,
      height: count,
      fps: quantity,
      videoKbps: quantity,
      sampleRate: quantity,
      channels: count,
      audioKbps: quantity,
    },
  ),
);

/** What the publisher's `onMetaData` claims. Sizes in pixels, rates in Hz and kbit/s. */
export interface StreamMetadata extends TypeOf<typeof metadata> {}

/** The shape of a {@link StreamMetadata}. */
export const metadataShape: Shape<StreamMetadata> = metadata;
