/** One that the fan-out serves: a player. */
export interface Member {
  /** Place in its group, below 0 when it is in none; owned by Fanout. */
  slot: number;
  /** Its turn. What is thrown here takes it out of the ring. */
  visit(): void;
  /** Called with the error of its turn, once it is out of the ring. Must not throw. */
  fail(error: unknown): void;
}

/** Members that have their turns one after the other: an audience. */
export interface Group {
  /** In the order of their turns; owned by Fanout. */
  readonly members: Member[];
  /** Place in the ring, below 0 when it is not there; owned by Fanout. */
  slot: number;
  /** Index of the member whose turn is next; 0 unless the ring is at this group. Owned by Fanout. */
  next: number;
  /** The turn of these members begins. @returns whether something is to be read before they are served */
  turn(): boolean;
}

/** Bounds of the merge window. */
export interface FanoutOptions {
  /**
   * The longest time that a byte waits for others before it is written, in ms. 0 sends at the end of each turn of the
   * event loop.
   */
  readonly maxDelayMs: number;
  /**
   * The number of players, over all streams, at which the window reaches `maxDelayMs`. Below it the window grows in
   * proportion.
   */
  readonly playersAtMaxDelay: number;
}

/** A window is walked in this many steps, so that writes are spread over it. */
const STEPS = 16;
/** Most players that are served before other work of the event loop gets its turn: about 5 ms of writes. */
const MAX_VISITS = 512;

/**
 * The ring of all players of the process, audience by audience. A write to a player costs by the call, not by the byte.
 * So each player is served once in a merge window with all that has come since, and the window grows with the number of
 * players. The ring is walked in small steps, which leaves the event loop to publishers in between and bounds the delay
 * of each player by one window.
 */
export class Fanout {
  #options: FanoutOptions;
  readonly #nowMs: () => number;
  /** Groups with members. Before #at: had their turn in this round; behind it: are owed theirs. */
  readonly #groups: Group[] = [];
  #at = 0;
  #size = 0;
  /** Visits that are due since something was last appended. */
  #owed = 0;
  /** Visits of the present step. */
  #visits = 0;
  /** Whether the present step does not serve all that are due. */
  #late = false;
  #armed = false;
  #lastRunMs = 0;
  readonly #run = (): void => this.#step();
  readonly #runServe = (): void => this.#serve();

  constructor(options: FanoutOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
  }

  /** Other bounds hold from the next window on. */
  change(options: FanoutOptions): void {
    this.#options = options;
  }

  /** Players in the ring. */
  get size(): number {
    return this.#size;
  }

  /** The merge window for as many players as there are now, in ms. */
  get windowMs(): number {
    const { maxDelayMs, playersAtMaxDelay } = this.#options;
    return maxDelayMs * Math.min(1, this.#size / playersAtMaxDelay);
  }

  /** Whether one step of the ring serves `players` players. */
  servesAtOnce(players: number): boolean {
    return players * STEPS <= this.#size;
  }

  add(member: Member, group: Group): void {
    if (group.members.length === 0) {
      group.slot = this.#groups.length;
      this.#groups.push(group);
    }
    place(group.members, member, group.members.length);
    this.#size++;
    this.wake();
  }

  remove(member: Member, group: Group): void {
    if (member.slot < 0) return;
    // A player that has had its turn stays before `next`, one that has not stays behind it: no player loses its turn
    // because another leaves.
    const { members } = group;
    let hole = member.slot;
    if (hole < group.next) {
      group.next--;
      place(members, members[group.next], hole);
      hole = group.next;
    }
    if (hole < members.length - 1) place(members, members[members.length - 1], hole);
    members.pop();
    member.slot = -1;
    this.#size--;
    if (members.length === 0) this.#drop(group);
  }

  /** Something was appended: every player gets its turn within one window. */
  wake(): void {
    this.#owed = this.#size;
    if (!this.#armed && this.#owed > 0) this.#arm(this.windowMs);
  }

  /**
   * The same for a group without members: the one that the ring is at stays between those that had their turn and those
   * that did not.
   */
  #drop(group: Group): void {
    const ring = this.#groups;
    let hole = group.slot;
    if (hole < this.#at) {
      place(ring, ring[this.#at - 1], hole);
      place(ring, ring[this.#at], this.#at - 1);
      hole = this.#at--;
    }
    if (hole < ring.length - 1) place(ring, ring[ring.length - 1], hole);
    ring.pop();
    if (this.#at >= ring.length) this.#at = 0;
    group.slot = -1;
    group.next = 0;
  }

  #arm(windowMs: number): void {
    this.#armed = true;
    if (windowMs < 1) setImmediate(this.#run);
    else setTimeout(this.#run, Math.max(1, windowMs / STEPS));
  }

  #step(): void {
    const nowMs = this.#nowMs();
    const windowMs = this.windowMs;
    const share = windowMs < 1 ? this.#size : Math.ceil((this.#size * (nowMs - this.#lastRunMs)) / windowMs);
    // At most one round is due: after a pause, players are not served several times to catch up.
    const due = Math.min(share, this.#owed);
    this.#visits = Math.min(due, MAX_VISITS);
    this.#late = due > this.#visits;
    // Visits for which there was no time stay due.
    this.#lastRunMs = this.#late ? nowMs - (windowMs * (due - this.#visits)) / this.#size : nowMs;
    // The due visits are counted down before anything is read: bytes that come by that make another turn due, and so
    // does a publisher that is stopped again.
    this.#owed -= this.#visits;
    // Sockets that read again now are polled before the event loop comes to its immediates.
    if (this.#beginTurns()) setImmediate(this.#runServe);
    else this.#serve();
  }

  /**
   * Begins the turns of the groups that this step comes to. @returns whether one of them has something to be read first
   */
  #beginTurns(): boolean {
    const ring = this.#groups;
    let reads = false;
    let at = this.#at;
    // The turn of the one that the ring is in the middle of has begun.
    let left = this.#visits;
    if (left > 0 && ring[at].next > 0) {
      left -= ring[at].members.length - ring[at].next;
      at++;
    }
    for (; left > 0; at++) {
      if (at >= ring.length) at = 0;
      if (ring[at].turn()) reads = true;
      left -= ring[at].members.length;
    }
    return reads;
  }

  #serve(): void {
    const visits = this.#visits;
    for (let done = 0; done < visits && this.#size > 0; ) done = this.#visit(done, visits);
    this.#armed = false;
    if (this.#owed > 0 && this.#size > 0) this.#arm(this.#late ? 0 : this.windowMs);
  }

  /**
   * Visits players, beginning with visit number `done` of a step. One try block surrounds all of them and is entered
   * again behind a player that failed, so an error costs that player only.
   */
  #visit(done: number, visits: number): number {
    const ring = this.#groups;
    let at = done;
    let group = ring[this.#at];
    let member: Member | undefined;
    try {
      while (at < visits && this.#size > 0) {
        at++;
        group = ring[this.#at];
        if (group.next >= group.members.length) group = this.#advance(group);
        member = group.members[group.next++];
        member.visit();
      }
    } catch (error) {
      if (member !== undefined) this.remove(member, group);
      member?.fail(error);
    }
    return at;
  }

  /** Everyone of `group` has had a turn: the ring goes on to the next. */
  #advance(group: Group): Group {
    group.next = 0;
    this.#at = this.#at + 1 < this.#groups.length ? this.#at + 1 : 0;
    return this.#groups[this.#at];
  }
}

/** Puts an item at a place of its ring. */
function place<T extends { slot: number }>(ring: T[], one: T, slot: number): void {
  ring[slot] = one;
  one.slot = slot;
}
