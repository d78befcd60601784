import { nameKey } from '../../live/name-key.js';
import type { Pulls } from '../../live/pulls.js';
import { CLUSTER_METRICS } from '../../model/metrics-cluster.js';
import type { RelaySnapshot } from '../../model/relay-snapshot.js';
import type { StreamName } from '../target.js';
import { CopiedName } from './copied-name.js';
import type { CopyCounts, CopyLimits, CopyParts } from './copy-parts.js';

/** Upper bounds of the times until first media, in ms: those of the metric. */
const FIRST_MEDIA_MS = CLUSTER_METRICS.sluice_copies_first_media_seconds.bounds.map((seconds) => seconds * 1000);

/** Fetches streams of other nodes of the cluster when they are played here: one connection per name. */
export class Copies implements Pulls, CopyCounts {
  started = 0;
  reconnects = 0;
  bytesPast = 0;
  /** How many first media came within each of {@link FIRST_MEDIA_MS}; the last one counts all. */
  readonly firstMediaCounts: number[] = Array(FIRST_MEDIA_MS.length + 1).fill(0);
  firstMediaSumMs = 0;
  readonly #parts: CopyParts;
  readonly #names = new Map<string, CopiedName>();
  #limits: CopyLimits;
  #isClosed = false;

  constructor(limits: CopyLimits, parts: Omit<CopyParts, 'limits'>) {
    this.#limits = limits;
    this.#parts = { ...parts, limits: () => this.#limits };
  }

  /** Names that are fetched or waited for. */
  get running(): number {
    return this.#names.size;
  }

  /** Media of all copies since the start, as framed for players, in bytes. */
  get bytes(): number {
    let sum = this.bytesPast;
    for (const { bytes } of this.#names.values()) sum += bytes;
    return sum;
  }

  /** How many names are in which state. */
  get states(): Readonly<Record<RelaySnapshot['state'], number>> {
    const counts = { waiting: 0, connecting: 0, running: 0, lost: 0 };
    for (const { state } of this.#names.values()) counts[state]++;
    return counts;
  }

  list(): RelaySnapshot[] {
    return [...this.#names.values()].map(({ shown }) => shown);
  }

  /** Other bounds hold from now on. */
  change(limits: CopyLimits): void {
    this.#limits = limits;
  }

  has(of: StreamName): boolean {
    return this.#names.get(nameKey(of))?.mayCome === true;
  }

  arrival(of: StreamName): Promise<void> | undefined {
    return this.#isClosed ? undefined : this.#name(of).arrival();
  }

  wanted(of: StreamName, isWanted: boolean): void {
    const known = this.#names.get(nameKey(of));
    if (known !== undefined) known.isWanted = isWanted;
    else if (isWanted && !this.#isClosed) this.#name(of).isWanted = true;
  }

  firstMedia(ms: number): void {
    for (let at = 0; at < this.firstMediaCounts.length; at++)
      if (ms <= (FIRST_MEDIA_MS[at] ?? Number.POSITIVE_INFINITY)) this.firstMediaCounts[at]!++;
    this.firstMediaSumMs += ms;
  }

  /** Deadlines, connections that are due, and copies that nobody plays any more. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const [key, name] of this.#names) if (name.tick(nowMs)) this.#names.delete(key);
  }

  /** Ends all of them. */
  close(): void {
    this.#isClosed = true;
    for (const name of this.#names.values()) name.close('server_drain');
    this.#names.clear();
  }

  #name(of: StreamName): CopiedName {
    const key = nameKey(of);
    let known = this.#names.get(key);
    if (known === undefined) {
      known = new CopiedName({ app: of.app, name: of.name }, this.#parts, this);
      this.#names.set(key, known);
    }
    return known;
  }
}
