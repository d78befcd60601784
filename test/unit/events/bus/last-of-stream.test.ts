import { describe, expect, it } from 'vitest';
import { isOfItsOwn, lastCounted } from '../../../../src/events/bus/last-of-stream.js';
import { parseStreamSubject } from '../../../../src/events/subjects.js';
import { JsError, type StoredMessage } from '../../../../src/nats/jetstream.js';

const streamId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const base = `sluice.v1.evt.live.cam.${streamId}`;

/** Asks a stream that holds these subjects, in order. @param broken a filter that gets no answer */
function over(subjects: readonly string[], broken?: string) {
  const asked: string[] = [];
  const matching = (filter: string): RegExp =>
    new RegExp(`^${filter.replaceAll('.', '\\.').replace('>', '.+').replaceAll('*', '[^.]+')}$`);
  return {
    asked,
    subjects: (filter: string) => {
      asked.push(`all of ${filter}`);
      const pattern = matching(filter);
      return Promise.resolve({ ok: true, value: subjects.filter((subject) => pattern.test(subject)) } as const);
    },
    last: (filter: string) => {
      asked.push(filter);
      if (filter === broken) return Promise.resolve({ ok: false, code: 503, text: '' } as never);
      const pattern = matching(filter);
      const seq = subjects.findLastIndex((subject) => pattern.test(subject)) + 1;
      const value = { seq, subject: subjects[seq - 1] } as StoredMessage;
      return Promise.resolve(
        seq === 0 ? ({ ok: false, code: JsError.MessageNotFound, text: '' } as never) : ({ ok: true, value } as const),
      );
    },
  };
}

const [record, there, started, play, ended] = [
  `${base}.record.started.01ARZ3NDEKTSV4RRFFQ69G5FAR-1`,
  `${base}.play.started.01ARZ3NDEKTSV4RRFFQ69G5FAZ-7`,
  `${base}.stream.started.1`,
  `${base}.play.started.2`,
  `${base}.stream.ended.end`,
];

describe('the last counted event of a stream', () => {
  it.each([
    { held: [started, play], found: play, asks: 1 },
    { held: [started, ended], found: ended, asks: 1 },
    { held: [started, play, record], found: play, asks: 3 },
    { held: [started, record], found: started, asks: 3 },
    { held: [started, ended, record], found: ended, asks: 3 },
    { held: [play, started, record], found: started, asks: 3 },
    { held: [started, play, there], found: play, asks: 5 },
    { held: [started, there], found: started, asks: 4 },
    { held: [started, `${base}.play.ended.12`, play, there, record], found: `${base}.play.ended.12`, asks: 5 },
  ])('of $held.length is found with $asks questions', async ({ held, found, asks }) => {
    const lookups = over(held);
    expect(await lastCounted('sluice.v1', { streamId }, lookups)).toMatchObject({
      ok: true,
      value: { subject: found },
    });
    expect(lookups.asked).toHaveLength(asks);
  });

  it('is looked for among all of its events, whichever of them it is asked with', async () => {
    const end = parseStreamSubject(ended)!;
    expect(await lastCounted('sluice.v1', end, over([started, play]))).toMatchObject({ value: { subject: play } });
  });

  it('is none when there is none, and no answer is none', async () => {
    const none = { ok: false, code: JsError.MessageNotFound };
    expect(await lastCounted('sluice.v1', { streamId }, over([]))).toMatchObject(none);
    expect(await lastCounted('sluice.v1', { streamId }, over([record]))).toMatchObject(none);
    const broken = over([started, record], `sluice.v1.evt.*.*.${streamId}.play.>`);
    expect(await lastCounted('sluice.v1', { streamId }, broken)).toMatchObject({ ok: false, code: 503 });
  });
});

it('knows by the subject what counts on its own', () => {
  expect([record, `${base}.record.ended.01ARZ3NDEKTSV4RRFFQ69G5FAR-end`].map(isOfItsOwn)).toEqual([true, true]);
  expect([started, play, ended, 'sluice.v1.node.n.b.ready', 'x'].map(isOfItsOwn)).toEqual(Array(5).fill(false));
});
