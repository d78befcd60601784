import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type JobTicket, TicketSeal, ticketIn } from '../../../src/live/job-ticket.js';
import { seeded } from '../../support/random.js';

const SECRET = Buffer.alloc(32, 1);
const TICKET: JobTicket = { streamId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', template: 'record', token: 7 };
const seal = new TicketSeal(SECRET);

describe('the seal of tickets', () => {
  it('reads what it has written, also the longest', () => {
    const longest = { ...TICKET, template: 'x'.repeat(48), token: Number.MAX_SAFE_INTEGER };
    for (const ticket of [TICKET, longest]) expect(seal.read(seal.write(ticket))).toEqual(ticket);
  });

  it('writes characters that need no escape in a URL, and the same ticket always the same', () => {
    expect(seal.write(TICKET)).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
    expect(new TicketSeal(SECRET).write(TICKET)).toBe(seal.write(TICKET));
  });

  it('reads nothing that another secret has signed', () => {
    expect(seal.read(new TicketSeal(Buffer.alloc(32, 2)).write(TICKET))).toBeUndefined();
  });

  it('reads no other spelling of a signature, although the bytes are the same', () => {
    const text = seal.write(TICKET);
    const bytes = (of: string) => Buffer.from(of.split('.')[1]!, 'base64url');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spellings = [...alphabet].map((last) => text.slice(0, -1) + last).filter((of) => of !== text);
    const same = spellings.filter((of) => bytes(of).equals(bytes(text)));
    expect(same).toHaveLength(3);
    for (const of of same) expect(seal.read(of)).toBeUndefined();
  });

  it('reads none of thousands of texts that are nearly tickets', () => {
    const random = seeded(20_261);
    const text = seal.write(TICKET);
    const below = (most: number) => Math.floor(random() * most);
    const change: readonly ((of: string) => string)[] = [
      (of) => of.slice(0, below(of.length)),
      (of) => of.slice(below(of.length) + 1),
      (of) => {
        const at = below(of.length);
        return of.slice(0, at) + String.fromCodePoint(1 + below(0x2fff)) + of.slice(at + 1);
      },
      (of) => of.slice(0, below(of.length)) + of,
      (of) => of.replace('.', ['', '..', '%2E', '=.', '\0.'][below(5)]!),
      (of) => of + ['=', '.', ' ', '\n', '\0', 'A', `.${of}`][below(7)]!,
      () => Array.from({ length: below(300) }, () => String.fromCodePoint(below(0x1_0000))).join(''),
      () => `${'A'.repeat(below(1 << 16))}.${'A'.repeat(43)}`,
    ];
    let tried = 0;
    for (let i = 0; i < 4000; i++) {
      const made = change[i % change.length]!(text);
      if (made === text) continue;
      tried++;
      expect([made, seal.read(made)]).toEqual([made, undefined]);
    }
    expect(tried).toBeGreaterThan(3800);
  });

  it('signs the payload as the documents say, so that another program can write the same', () => {
    const [payload, signature] = seal.write(TICKET).split('.');
    expect(JSON.parse(Buffer.from(payload!, 'base64url').toString())).toEqual(TICKET);
    expect(signature).toBe(createHmac('sha256', SECRET).update(payload!).digest('base64url'));
  });
});

describe('the ticket in a query', () => {
  it.each([
    ['jt=a.b', 'a.b'],
    ['key=x&jt=a.b&y', 'a.b'],
    ['jt=', ''],
    ['jt=a=b', 'a=b'],
    ['jt=a.b&jt=a.b', ''],
    ['xjt=a.b', undefined],
    ['key=jt=a.b', undefined],
    ['jt', undefined],
    ['JT=a.b', undefined],
    ['', undefined],
  ])('of %j is %j', (query, text) => {
    expect(ticketIn(query)).toBe(text);
  });
});
