import { describe, expect, it } from 'vitest';
import type { NatsConnection } from '../../../src/nats/connection.js';
import { JobCounts } from '../../../src/server/job-counts.js';
import { ManualClock } from '../../support/events-parts.js';

/** A bucket of jobs, as JetStream answers for it: the newest record of each key at its position. */
class FakeBucket {
  readonly #held = new Map<string, { seq: number; data: string }>();
  created = '2026-01-01T00:00:00Z';
  templates: string[] = [];
  isThere = true;
  last = 0;
  /** Requests by verb. */
  readonly asked: string[] = [];

  put(key: string, state: string, by?: string): void {
    this.last += 1;
    const template = key.split('.').at(-1);
    const record = {
      ...{ v: 1, state, app: 'live', name: 'cam', template, templateRev: 1, attempt: 1, failures: 0, notBefore: 0 },
      ...{ sequence: 1, requestedAt: '2026-01-01T00:00:00.000Z', token: 1 },
      ...{ nonce: 'n', snapshot: { app: 'live', name: 'cam', labels: {} }, ...(by === undefined ? {} : { by }) },
    };
    this.#held.set(key, { seq: this.last, data: JSON.stringify(record) });
  }

  /** Puts what is no record of this version. */
  spoil(key: string, data: string): void {
    this.last += 1;
    this.#held.set(key, { seq: this.last, data });
  }

  remake(): void {
    this.#held.clear();
    this.last = 0;
    this.created = '2026-01-02T00:00:00Z';
  }

  connection(): NatsConnection {
    const request = async (subject: string, data: string | undefined) => {
      this.asked.push(subject.split('.').slice(2, 4).join('.'));
      const answer = this.#answer(subject, data);
      return { data: Buffer.from(''), json: () => answer };
    };
    return { request } as unknown as NatsConnection;
  }

  #answer(subject: string, data: string | undefined): object {
    if (!this.isThere) return { error: { err_code: 10059, description: 'stream not found' } };
    if (subject.endsWith('STREAM.INFO.KV_SLUICE_JOBS'))
      return { config: {}, created: this.created, state: { last_seq: this.last } };
    if (subject.endsWith('STREAM.INFO.KV_SLUICE_TEMPLATES')) {
      const subjects = Object.fromEntries(this.templates.map((name) => [`$KV.SLUICE_TEMPLATES.${name}`, 1]));
      const { offset } = JSON.parse(data!) as { offset: number };
      return { total: this.templates.length, config: {}, state: { subjects: offset === 0 ? subjects : {} } };
    }
    const { seq } = JSON.parse(data!) as { seq: number };
    const next = [...this.#held].filter(([, held]) => held.seq >= seq).sort(([, a], [, b]) => a.seq - b.seq)[0];
    if (next === undefined) return { error: { err_code: 10037, description: 'no message found' } };
    const [key, held] = next;
    const encoded = Buffer.from(held.data).toString('base64');
    return { message: { subject: `$KV.SLUICE_JOBS.${key}`, seq: held.seq, time: '', data: encoded } };
  }
}

function world() {
  const [bucket, clock] = [new FakeBucket(), new ManualClock()];
  const counts = new JobCounts(() => bucket.connection(), clock);
  const read = async () => Object.fromEntries((await counts.read()) ?? [['none', undefined]]);
  return { bucket, clock, read };
}

describe('counts of jobs', () => {
  it('are by template, with zeros for templates without jobs, and without jobs that are over', async () => {
    const { bucket, read } = world();
    bucket.templates = ['record', 'thumbs'];
    bucket.put('a.record', 'open');
    bucket.put('b.record', 'held', 'r.b');
    bucket.put('c.record', 'running', 'r.b');
    bucket.put('d.record', 'done');
    bucket.spoil('e.record', '');
    bucket.spoil('f.record', '{"v":9}');
    expect(await read()).toEqual({ record: { open: 1, running: 2 }, thumbs: { open: 0, running: 0 } });
  });

  it('are read at most every 5 s, and then only what has changed', async () => {
    const { bucket, clock, read } = world();
    for (const key of ['a', 'b', 'c']) bucket.put(`${key}.record`, 'open');
    await read();
    const before = bucket.asked.length;
    bucket.put('a.record', 'running', 'r.b');
    expect(await read()).toMatchObject({ record: { open: 3 } });
    expect(bucket.asked.length).toBe(before);
    clock.pass(5000);
    expect(await read()).toEqual({ record: { open: 2, running: 1 } });
    expect(bucket.asked.slice(before)).toEqual(['STREAM.INFO', 'STREAM.MSG', 'STREAM.INFO']);
  });

  it('begin anew with a bucket that was made again', async () => {
    const { bucket, clock, read } = world();
    bucket.put('a.record', 'open');
    bucket.put('b.record', 'open');
    await read();
    bucket.remake();
    bucket.put('c.thumbs', 'open');
    clock.pass(5000);
    expect(await read()).toEqual({ thumbs: { open: 1, running: 0 } });
  });

  it('are missing without a bucket, and when it cannot be read', async () => {
    const { bucket, clock, read } = world();
    bucket.put('a.record', 'open');
    expect(await read()).toMatchObject({ record: { open: 1 } });
    bucket.isThere = false;
    clock.pass(5000);
    expect(await read()).toEqual({ none: undefined });
    const away = new JobCounts(() => undefined, new ManualClock());
    expect(await away.read()).toBeUndefined();
  });
});
