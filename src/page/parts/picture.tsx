import { codecName } from '../format.js';
import { pictures } from '../pictures/desk.js';
import { useEffect, useRef, useState } from '../preact.js';

/**
 * The newest keyframe of a stream, kept up to date while it is in sight; else words that say why there is none.
 *
 * @param codec of its video track, as the server names it; `''`: it has none
 * @param words stand there when there is no video track
 */
export function Picture({ streamId, codec, words }: { streamId: string; codec: string; words: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [shown, setShown] = useState<'shown' | 'none' | 'unsupported' | 'waiting'>('waiting');
  useEffect(() => {
    setShown('waiting');
    if (codec === '') return undefined;
    return pictures.show(streamId, canvas.current!, codec, setShown);
  }, [streamId, codec]);
  const told = codec === '' ? words : wordsOf(shown, codec);
  return (
    <div class="picture" data-picture={codec === '' ? 'no-video' : shown}>
      <canvas ref={canvas} width="1" height="1" />
      {told === '' ? null : <span class="words">{told}</span>}
    </div>
  );
}

function wordsOf(shown: string, codec: string): string {
  if (shown === 'none') return 'No picture yet';
  return shown === 'unsupported' ? `${codecName(codec)}: this browser has no decoder for it` : '';
}
