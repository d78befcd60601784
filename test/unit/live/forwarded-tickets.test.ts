import { describe, expect, it } from 'vitest';
import {
  ForwardedTickets,
  type TicketOwners,
  type TicketQuestion,
  type TicketVerdict,
} from '../../../src/live/forwarded-tickets.js';
import type { JobTicket } from '../../../src/live/job-ticket.js';

/** A node that plays copies, and the one that has the streams. */
class World implements TicketOwners {
  nowMs = 0;
  readonly asked: (readonly TicketQuestion[])[] = [];
  /** The highest token; undefined: nobody answers. */
  highest: number | undefined = 5;
  /** Answers wait while it is set. */
  gate: Promise<void> | undefined;
  told: (() => void) | undefined;
  readonly played = new Set<string>();
  readonly cuts: string[] = [];
  readonly tickets = new ForwardedTickets({
    clock: { monotonicMs: () => this.nowMs },
    owners: this,
    isPlayed: ({ template, token }) => this.played.has(`${template} ${token}`),
    cut: ({ template, token }, code) => {
      this.played.delete(`${template} ${token}`);
      this.cuts.push(`${template} ${token} ${code}`);
    },
  });

  async ask(_streamId: string, tickets: readonly TicketQuestion[]): Promise<TicketVerdict[] | undefined> {
    this.asked.push(tickets);
    const { highest } = this;
    await this.gate;
    if (highest === undefined) return undefined;
    return tickets.map(({ token }) => (token === highest ? 'holds' : 'ERR_JOB_FENCED'));
  }

  listen(_streamId: string, told: () => void): () => void {
    this.told = told;
    return () => {
      this.told = undefined;
    };
  }

  tell(): void {}

  async plays(template: string, token = 5): Promise<string | undefined> {
    const ticket: JobTicket = { streamId: 's', template, token };
    const code = await this.tickets.admit(ticket);
    if (code === undefined) this.played.add(`${template} ${token}`);
    return code;
  }

  async pass(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 250;
      this.tickets.tick(this.nowMs);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  }
}

describe('a ticket of a stream of another node', () => {
  it('begins a play when that node says that it holds, and not without an answer', async () => {
    const world = new World();
    expect(await world.plays('record')).toBeUndefined();
    expect(await world.plays('record', 4)).toBe('ERR_JOB_FENCED');
    world.highest = undefined;
    expect(await world.plays('thumbs')).toBe('ERR_JOB_TICKET_UNCHECKED');
    expect(world.asked[0]).toEqual([{ template: 'record', token: 5, isNew: true }]);
  });

  it('is asked about every three seconds, with one question for all of its stream', async () => {
    const world = new World();
    await world.plays('record');
    await world.plays('thumbs');
    await world.pass(30_000);
    expect(world.asked.slice(2)).toHaveLength(10);
    expect(world.asked.at(-1)).toEqual(['record', 'thumbs'].map((template) => ({ template, token: 5, isNew: false })));
    expect(world.cuts).toEqual([]);
  });

  it('ends its plays at once when its node tells of a newer one, also when it is being asked', async () => {
    const world = new World();
    await world.plays('record');
    let open = (): void => {};
    world.gate = new Promise((resolve) => {
      open = resolve;
    });
    world.told?.();
    world.highest = 6;
    world.told?.();
    world.gate = undefined;
    open();
    await world.pass(250);
    expect(world.cuts).toEqual(['record 5 ERR_JOB_FENCED']);
    expect(world.asked).toHaveLength(3);
  });

  it('ends its plays within three seconds when what was told is lost', async () => {
    const world = new World();
    await world.plays('record');
    world.highest = 6;
    await world.pass(3000);
    expect(world.cuts).toEqual(['record 5 ERR_JOB_FENCED']);
  });

  it('ends its plays nine seconds after the last question that was answered', async () => {
    const world = new World();
    await world.plays('record');
    await world.pass(3000);
    world.highest = undefined;
    await world.pass(8750);
    expect(world.cuts).toEqual([]);
    await world.pass(250);
    expect(world.cuts).toEqual(['record 5 ERR_JOB_TICKET_UNCHECKED']);
  });

  it('is forgotten with its plays', async () => {
    const world = new World();
    await world.plays('record');
    world.played.clear();
    await world.pass(3000);
    expect([world.tickets.size, world.told]).toEqual([0, undefined]);
  });

  it('is one of 64 of its stream at most', async () => {
    const world = new World();
    for (let n = 0; n < 64; n++) expect(await world.plays(`t${n}`)).toBeUndefined();
    expect(await world.plays('more')).toBe('ERR_JOB_TICKET_UNCHECKED');
    expect(world.asked).toHaveLength(64);
  });
});
