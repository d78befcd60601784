import type { ComponentChildren } from '../preact.js';
import { type Tone, toneOf } from './tone.js';

/** A few words with a colour and a dot. The words alone say what it is. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** The state of a stream, a node, a job and the like, as the server names it. */
export function State({ state }: { state: string }) {
  return <Badge tone={toneOf(state)}>{state.replaceAll('_', ' ')}</Badge>;
}
