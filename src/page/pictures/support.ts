/** How a browser can make a picture of a codec: with a decoder, with a video element, or not at all. */
export type Way = 'decoder' | 'element' | 'none';

const ways = new Map<string, Promise<Way>>();

/**
 * How this browser shows a codec. Decoders are for pages of https and of this machine only; elsewhere the video element
 * is what is left.
 *
 * @param codec as the server names it (RFC 6381 where there is such a name)
 */
export function wayFor(codec: string): Promise<Way> {
  let way = ways.get(codec);
  if (way === undefined) {
    if (ways.size >= 100) ways.clear();
    way = find(codec);
    ways.set(codec, way);
  }
  return way;
}

async function find(codec: string): Promise<Way> {
  if (typeof VideoDecoder !== 'undefined') {
    const told = await VideoDecoder.isConfigSupported({ codec: codec === 'vp08' ? 'vp8' : codec }).catch(
      () => undefined,
    );
    if (told?.supported === true) return 'decoder';
  }
  return canPlay('video', codec) ? 'element' : 'none';
}

/** Whether this browser plays a codec from a script (MSE). */
export function canPlay(kind: 'video' | 'audio', codec: string): boolean {
  if (typeof MediaSource === 'undefined') return false;
  if (/^(?:\.?mp3|mp4a\.(?:40\.34|6b|69))$/i.test(codec)) return MediaSource.isTypeSupported('audio/mpeg');
  return MediaSource.isTypeSupported(`${kind}/mp4; codecs="${codec}"`);
}
