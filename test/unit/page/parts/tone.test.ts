import { describe, expect, it } from 'vitest';
import { toneOf } from '../../../../src/page/parts/tone.js';

describe('the tone of a state', () => {
  it('tells what works from what does not', () => {
    expect(['ready', 'suspended', 'abandoned'].map(toneOf)).toEqual(['good', 'warn', 'bad']);
  });

  it('is quiet for states of later versions, whatever their name is', () => {
    expect(['levitating', 'constructor', ''].map(toneOf)).toEqual(['quiet', 'quiet', 'quiet']);
  });
});
