import { useEffect, useRef, useState } from '../preact.js';

/**
 * Plays an FLV file of this server, with the controls of the browser. What cuts it up is loaded when it is needed.
 *
 * @param label what it shows, for those who do not see it
 */
export function FileVideo({ url, label }: { url: string; label: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    const element = video.current!;
    let isGone = false;
    let end = (): void => undefined;
    import('../mpegts.js').then(
      ({ default: mpegts }) => {
        if (isGone) return;
        if (!mpegts.isSupported()) {
          setTrouble('This browser has no Media Source Extensions, so it cannot play FLV. The file can be downloaded.');
          return;
        }
        // The policy of the page lets no script be made from data, which a worker would be.
        const player = mpegts.createPlayer({ type: 'flv', url, isLive: false }, { enableWorker: false });
        player.on(mpegts.Events.ERROR, (_kind: unknown, detail: unknown) => setTrouble(troubleOf(String(detail))));
        player.attachMediaElement(element);
        player.load();
        end = () => player.destroy();
      },
      () => setTrouble('The player could not be loaded. Load the page again.'),
    );
    return () => {
      isGone = true;
      end();
    };
  }, [url]);
  return (
    <div class="video">
      {/* biome-ignore lint/a11y/useMediaCaption: recordings have no captions */}
      <video ref={video} controls playsInline aria-label={label} />
      <p class="trouble" role="alert">
        {trouble}
      </p>
    </div>
  );
}

/** What to tell of an error of mpegts.js. */
function troubleOf(detail: string): string {
  return /codec|format/i.test(detail)
    ? 'This browser cannot decode what was recorded. The file can be downloaded.'
    : `The recording cannot be played (${detail}). The file can be downloaded.`;
}
