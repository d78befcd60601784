/** What a colour means: all is well, look at it, it does not work, it is over or waits. */
export type Tone = 'good' | 'warn' | 'bad' | 'quiet';

const TONES: Readonly<Record<string, Tone>> = {
  ready: 'good',
  up: 'good',
  running: 'good',
  ok: 'good',
  delivering: 'good',
  connected: 'good',
  succeeded: 'good',
  live: 'warn',
  suspended: 'warn',
  draining: 'warn',
  degraded: 'warn',
  stalled: 'warn',
  retrying: 'warn',
  starting: 'warn',
  requested: 'warn',
  failed: 'bad',
  abandoned: 'bad',
  down: 'bad',
  lost: 'bad',
};

/** The tone of a state that the server names; one that is not known is quiet. */
export function toneOf(state: string): Tone {
  return (Object.hasOwn(TONES, state) ? TONES[state] : undefined) ?? 'quiet';
}
