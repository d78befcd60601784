import type { JobFacts } from './template.js';

/** What a fact is compared as. */
export type FactType = 'number' | 'text';

/** Facts that an expression may name, but for labels; `codec` stands for those of all tracks. */
const FACTS = {
  width: 'number',
  height: 'number',
  fps: 'number',
  declaredFps: 'number',
  kbps: 'number',
  videoCodec: 'text',
  audioCodec: 'text',
  codec: 'text',
  sampleRate: 'number',
  channels: 'number',
  gopMs: 'number',
  timeToReadyMs: 'number',
  encoder: 'text',
  transport: 'text',
  app: 'text',
  name: 'text',
} as const satisfies Record<string, FactType>;

type FactName = keyof typeof FACTS;

/** Names of facts, for suggestions. Labels are `label.` and the key. */
export const FACT_NAMES: readonly string[] = Object.keys(FACTS);

/** Facts that are known of a name that is wanted: nobody publishes it yet. */
export const FACTS_OF_WANTED: readonly string[] = ['app', 'name'];

/** Whether a fact is a number or a text; undefined when there is no such fact. */
export function factType(name: string): FactType | undefined {
  if (/^label\.[a-z0-9._-]{1,64}$/.test(name)) return 'text';
  return Object.hasOwn(FACTS, name) ? FACTS[name as FactName] : undefined;
}

/**
 * The values of a fact: none when it is not known yet, two when `codec` is asked of a stream with picture and sound.
 *
 * @param name one that {@link factType} knows
 */
export function factValues(facts: JobFacts, name: string): readonly (string | number)[] {
  if (name.startsWith('label.')) {
    const key = name.slice('label.'.length);
    return Object.hasOwn(facts.labels, key) ? [facts.labels[key]!] : [];
  }
  if (name === 'codec') return [facts.videoCodec, facts.audioCodec].filter((codec) => codec !== undefined);
  const value = facts[name as Exclude<FactName, 'codec'>];
  return value === undefined ? [] : [value];
}
