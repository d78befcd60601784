import { CloudEvent, HTTP, ValidationError } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { eventId, nodeEvent, orderKey, streamEvent, traceparentOf } from '../../../src/events/envelope.js';
import { type SluiceEvent, sequenceOf } from '../../../src/events/event-types.js';
import { headOf } from '../../../src/events/journal/record.js';
import { EVENT_TYPES } from '../../../src/events/schemas/index.js';
import { validateEvent } from '../../../src/events/validate.js';
import { emitter, ManualClock } from '../../support/events-parts.js';
import { everyEvent } from '../../support/every-event.js';

const id = newId(1_700_000_000_000);
const stream = { streamId: id, app: 'live', name: 'cam.1/*' };

describe('the envelope', () => {
  it('gives every event an id that begins with its stream', () => {
    expect(eventId(id, 'io.sluice.play.ended', 4)).toBe(`${id}:4`);
    expect(eventId(id, 'io.sluice.stream.ended', 4)).toBe(`${id}:end`);
    expect(orderKey(`${id}:end`)).toBe(id);
  });

  it('gives all events of a stream one trace, made of its id', () => {
    const trace = traceparentOf(id);
    expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traceparentOf(newId(2))).not.toBe(trace);
    expect(traceparentOf('not a ulid')).toBeUndefined();
  });

  it('numbers a node verb that occurs again, so that no subject repeats', () => {
    const about = { nodeId: 'n.1', bootId: emitter.bootId };
    const one = nodeEvent(emitter, about, 'io.sluice.node.draining', 3, 1, 0, about);
    const two = nodeEvent(emitter, about, 'io.sluice.node.draining', 4, 2, 0, about);
    expect([one.subject, two.subject]).toEqual([
      `sluice.v1.node.n=2E1.${emitter.bootId}.draining`,
      `sluice.v1.node.n=2E1.${emitter.bootId}.draining.2`,
    ]);
    expect([one.id, two.id]).toEqual([`${emitter.bootId}:draining`, `${emitter.bootId}:draining.2`]);
  });

  it('puts id and type where they are found without parsing', () => {
    const event = streamEvent(emitter, stream, 'io.sluice.stream.idle', 3, 0, {
      ...stream,
      connectionId: 'c',
      nodeId: 'n',
      bootId: 'b',
      players: 0,
    });
    expect(headOf(event.json)).toEqual({ id: `${id}:3`, type: 'io.sluice.stream.idle' });
  });
});

describe('every event type', () => {
  it('is told by a lifecycle, valid against its own schema, and accepted by the official CloudEvents SDK', async () => {
    const events = await everyEvent(new ManualClock());
    expect(events.map((event) => event.type).sort()).toEqual([...EVENT_TYPES].sort());
    for (const event of events) {
      expect(validateEvent(event), event.type).toEqual([]);
      const parsed = new CloudEvent(event as unknown as Record<string, unknown>, true);
      expect(parsed.validate()).toBe(true);
      // Structured mode, as a receiver of the SDK reads it off the wire.
      const received = HTTP.toEvent<unknown>({
        headers: { 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify(event),
      });
      expect(received).toMatchObject({
        id: event.id,
        type: event.type,
        source: event.source,
        streamid: event.streamid,
      });
    }
  });

  it('is refused by schema and SDK alike when a required attribute is missing', async () => {
    const [event] = await everyEvent(new ManualClock());
    for (const attribute of ['id', 'source', 'type', 'specversion'] as const) {
      const { [attribute]: _gone, ...rest } = event;
      expect(validateEvent(rest), attribute).not.toEqual([]);
    }
    expect(() => new CloudEvent({ ...event, source: '' } as unknown as Record<string, unknown>, true)).toThrow(
      ValidationError,
    );
    expect(validateEvent({ ...event, type: 'io.sluice.stream.exploded' })).toEqual([
      'type: io.sluice.stream.exploded is not a known event type',
    ]);
    for (const sequence of [0, '1', '0000000000', '000000000x', null]) {
      expect(validateEvent({ ...(event as SluiceEvent), sequence })[0], String(sequence)).toMatch(/sequence/);
    }
  });

  it('tells its sequence as text that sorts, and is read as well with the number that it was at first', async () => {
    const events = await everyEvent(new ManualClock());
    for (const event of events) {
      expect(event.sequence).toMatch(/^[0-9]{10}$/);
      expect(validateEvent({ ...event, sequence: sequenceOf(event) })).toEqual([]);
      expect(sequenceOf({ sequence: sequenceOf(event) })).toBe(sequenceOf(event));
    }
    const streamed = events.filter((event) => event.id.startsWith(events[2].streamid)).map((event) => event.sequence);
    expect([...streamed].sort()).toEqual(streamed);
    expect(streamed.length).toBeGreaterThan(10);
  });
});
