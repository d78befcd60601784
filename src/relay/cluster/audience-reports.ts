import type { OutgoingLink } from '../../link/outgoing-link.js';

/** How often the owner of a stream is told how many players it has here, in ms. */
const EVERY_MS = 5000;

/** Tells the owner of a stream how many players it has here, at once when the first comes or the last goes. */
export class AudienceReports {
  #link: Pick<OutgoingLink, 'reportAudience'> | undefined;
  #told = 0;
  #toldMs = 0;

  tick(link: Pick<OutgoingLink, 'reportAudience'>, players: number, nowMs: number): void {
    const isNew = link !== this.#link;
    const isTurn = players > 0 !== this.#told > 0;
    if (!isNew && !isTurn && nowMs - this.#toldMs < EVERY_MS) return;
    this.#link = link;
    this.#told = players;
    this.#toldMs = nowMs;
    link.reportAudience(players);
  }
}
