import type { Track } from '../../model/track.js';
import { count, milliseconds } from '../format.js';
import { Picture } from '../parts/picture.js';
import { canPlay } from '../pictures/support.js';
import { useEffect, useRef, useState } from '../preact.js';
import { type PreviewState, playPreview } from '../preview.js';
import { previewPlan } from '../preview-plan.js';

/** What of a stream the player needs to know. */
interface PreviewProps {
  readonly streamId: string;
  /** For those who do not see it. */
  readonly name: string;
  readonly tracks: readonly Track[];
}

type Phase = 'idle' | 'starting' | 'playing';

/** Its picture, and a player when somebody wants to see more. */
export function StreamPreview({ streamId, name, tracks }: PreviewProps) {
  const video = useRef<HTMLVideoElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const stop = useRef(() => {});
  const [phase, setPhase] = useState<Phase>('idle');
  const [state, setState] = useState<PreviewState>();
  const [told, setTold] = useState('');
  useEffect(() => () => stop.current(), [streamId]);
  const plan = previewPlan(tracks, canPlay);
  const halt = (why: string): void => {
    stop.current();
    setPhase('idle');
    setState(undefined);
    setTold(why);
  };
  const play = async (): Promise<void> => {
    if (!plan.isPlayable) return;
    setPhase('starting');
    setTold(plan.without);
    const beginning = new AbortController();
    const { signal } = beginning;
    stop.current = () => beginning.abort();
    try {
      const { hasVideo, hasAudio } = plan;
      stop.current = await playPreview(video.current!, streamId, { hasVideo, hasAudio }, signal, setState, halt);
      setPhase('playing');
    } catch (error) {
      if (!signal.aborted) halt(`The preview did not begin. ${(error as Error).message}`);
    }
  };
  const codec = tracks.find(({ kind }) => kind === 'video')?.codec ?? '';
  const isOn = phase !== 'idle';
  return (
    <section class="panel preview" aria-labelledby="preview">
      <h2 id="preview" class="unseen">
        Preview
      </h2>
      <div class="stage" ref={stage} data-preview={phase} data-frames={state?.frames ?? 0}>
        {isOn ? null : <Picture streamId={streamId} codec={codec} words={tracks.length === 0 ? '' : 'Sound only'} />}
        <video ref={video} class={isOn ? '' : 'off'} aria-label={`Preview of ${name}`} muted playsInline />
        {isOn && plan.isPlayable && !plan.hasVideo ? <span class="words sound">Sound only</span> : null}
        {isOn || !plan.isPlayable ? null : (
          <button type="button" class="play" aria-label={`Play ${name}`} onClick={() => void play()}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M8 5.5v13l11-6.5z" />
            </svg>
          </button>
        )}
      </div>
      <Controls isOn={isOn} video={video} stage={stage} onStop={() => halt('')} state={state} />
      <p class="quiet told" role="status">
        {plan.isPlayable ? told : plan.why}
      </p>
    </section>
  );
}

function Controls(props: {
  isOn: boolean;
  video: { current: HTMLVideoElement | null };
  stage: { current: HTMLElement | null };
  onStop: () => void;
  state: PreviewState | undefined;
}) {
  const { isOn, video, stage, onStop, state } = props;
  const [isMuted, setMuted] = useState(true);
  const mute = (): void => {
    video.current!.muted = !isMuted;
    setMuted(!isMuted);
  };
  if (!isOn) return null;
  return (
    <div class="controls">
      <button type="button" class="small" onClick={onStop}>
        Stop
      </button>
      <button type="button" class="small" onClick={mute}>
        {isMuted ? 'Sound on' : 'Sound off'}
      </button>
      <button type="button" class="small" onClick={() => void stage.current?.requestFullscreen()}>
        Full screen
      </button>
      <span class="quiet">{state?.isPlaying === true ? playingWords(state) : 'Starting …'}</span>
    </div>
  );
}

/** Pictures are counted where there are some. */
function playingWords({ frames, dropped, behindMs }: PreviewState): string {
  const pictures = frames === 0 ? 'Playing sound' : `${count(frames)} frames, ${count(dropped)} dropped`;
  return `${pictures}, ${milliseconds(behindMs)} behind`;
}
