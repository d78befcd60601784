import { createHash } from 'node:crypto';

/** The key that the encoders of a test publish with: `NAME?key=…`. */
export const KEY = 'a-key-of-the-encoder-of-cam';

/** Allows who has {@link KEY}. @param more what the rule says besides: another name, `match`, `set` */
export function encoderRule(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    name: 'encoder',
    key: { sha256: createHash('sha256').update(KEY).digest('hex') },
    decision: 'allow',
    ...more,
  };
}

/** Anybody may play; who publishes needs {@link KEY}. @param set what the rule for encoders sets, if anything */
export function encoderRules(set?: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  return [{ match: { action: 'play' }, decision: 'allow' }, encoderRule(set === undefined ? {} : { set })];
}
