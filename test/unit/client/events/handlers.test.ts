import { describe, expect, it } from 'vitest';
import { handlersOf } from '../../../../src/client/events/handlers.js';
import type { SluiceEvent } from '../../../../src/client/events/index.js';

describe('the handlers of an event', () => {
  const all = () => undefined;
  const started = () => undefined;
  const event = (type: string) => ({ type }) as unknown as SluiceEvent;

  it('are the one for all and the one for its kind', () => {
    expect(handlersOf({ event: all, started }, event('io.sluice.stream.started'))).toEqual([all, started]);
    expect(handlersOf({ started }, event('io.sluice.stream.ended'))).toEqual([]);
  });

  it('are the one for all when the type is not known here, whatever its name is', () => {
    for (const type of ['io.sluice.stream.recorded', 'io.sluice.stream.toString', 'io.sluice.stream.event', 'other'])
      expect(handlersOf({ event: all, started }, event(type))).toEqual([all]);
    expect(handlersOf({ event: all, started }, event('io.sluice.play.started'))).toEqual([all]);
  });
});
