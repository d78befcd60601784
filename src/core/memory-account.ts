/**
 * Everything that peers can make the process hold, by kind. A byte belongs to one kind only, so the kinds add up. The
 * owner of a kind measures it, and the composition root registers it.
 */
export const MEMORY_KINDS = {
  log: 'media in the logs of streams, as RTMP and as FLV: cached GOPs, and what slow players have not been sent yet',
  log_unsent: 'media that has left its log and is still being sent to a slow player',
  log_pooled: 'free slabs kept for the next stream',
  headers: 'cached sequence headers and metadata of streams, and those framed for players',
  copies: 'media copied for one player (another message stream id, or audio or video left out) and not sent yet',
  connections: 'objects of open connections, RTMP and HTTP, by their measured size',
  connections_dropped: 'objects of closed connections that are not yet collected, by their measured size',
  tls: 'TLS of open connections by its measured size, and what it has encrypted that the kernel has not taken yet',
  control: 'replies and control messages that the kernel has not taken yet',
  tunnel: 'answers of RTMPT sessions, kept to be sent again or not taken by the kernel, and requests not read yet',
  reassembly: 'messages of which only a part has arrived',
  linear: 'WebAssembly memories of open connections, touched pages, without logs and partial messages',
  linear_pooled: 'WebAssembly memories kept for the next connection, touched pages',
  linear_dropped: 'WebAssembly memories let go of and not yet collected, touched pages',
  shared_objects: 'names and values of remote shared objects that somebody uses',
  captures: 'the last bytes that connections have sent, kept for capture.dir',
  recorded_files: 'indexes of recorded files that are open, and parts of the files kept for their next players',
  recorded_unsent: 'parts of recorded files that are being sent to players',
  recordings: 'media that is gathered for files of recordings and not written yet',
  event_followers: 'events that wait for clients that follow them',
  event_pages_dropped: 'journal pages that were read for clients that follow events, not yet collected',
  event_searches: 'journal pages being searched for clients that follow events',
  webhooks: 'places of events that webhooks have to deliver, and events on their way to them',
  event_queue: 'events in memory that wait for the journal or for NATS',
  control_answers: 'answers of control, kept for requests that are sent again',
  page: 'the newest overview of streams, and keyframes that pages were shown, kept for the next page that asks',
  log_lines: 'log lines that wait for the reader of stderr',
} as const;

/** A kind of memory; the label `kind` of `sluice_memory_bytes`. */
type MemoryKind = keyof typeof MEMORY_KINDS;

/**
 * The order in which memory is freed when the sum is past the limit. Work that can be done again goes first. Then what
 * a peer gets back (a follower resumes by its last event id), then connections that keep a publisher's memory and do
 * not publish, then media of players that are behind, then connections in use.
 */
export const RELIEF_ORDER = [
  'free_memory',
  'event_searches',
  'event_followers',
  'idle_publishers',
  'players_behind',
  'players_unsent',
  'partial_messages',
] as const;

/** A step of {@link RELIEF_ORDER}. */
export type ReliefStep = (typeof RELIEF_ORDER)[number];

/**
 * Frees memory in one step.
 *
 * @param overBytes how many bytes have to go
 * @returns bytes that are free now, or will be without anything more being done
 */
type Relief = (overBytes: number) => number;

/**
 * Memory that is being freed already. Nothing more can be done for it, so nothing else has to give way for it and new
 * work is not refused for it. It still counts in {@link MemoryAccount.total}.
 */
const LEAVING: ReadonlySet<MemoryKind> = new Set(['linear_dropped', 'connections_dropped', 'event_pages_dropped']);

/**
 * The account of all memory that peers can make the process hold. `limits.memoryBytes` binds the sum over all kinds.
 * Past it, memory is freed in {@link RELIEF_ORDER}, and new publishes are refused until the sum is below it again.
 */
export class MemoryAccount {
  /** `limits.memoryBytes`. */
  limitBytes: number;
  readonly #gauges: { readonly kind: MemoryKind; readonly bytes: () => number }[] = [];
  readonly #reliefs = new Map<ReliefStep, Relief[]>();

  /** @param limitBytes bytes over all kinds; Infinity: not bounded */
  constructor(limitBytes: number = Number.POSITIVE_INFINITY) {
    this.limitBytes = limitBytes;
  }

  /**
   * Adds a source of bytes to a kind. Several sources of one kind add up.
   *
   * @param bytes what is held now; it is called a few times a second and for each publish, so it must be cheap
   */
  register(kind: MemoryKind, bytes: () => number): void {
    this.#gauges.push({ kind, bytes });
  }

  /**
   * Registers how memory is freed in a step of {@link RELIEF_ORDER}. Several for one step are asked in the order of
   * their registration.
   */
  onRelief(step: ReliefStep, relief: Relief): void {
    const reliefs = this.#reliefs.get(step);
    if (reliefs === undefined) this.#reliefs.set(step, [relief]);
    else reliefs.push(relief);
  }

  /** Bytes held, over all kinds. */
  get total(): number {
    let sum = 0;
    for (const { bytes } of this.#gauges) sum += bytes();
    return sum;
  }

  /** Bytes of each kind that has a source, in the order of {@link MEMORY_KINDS}. */
  list(): { readonly kind: MemoryKind; readonly bytes: number }[] {
    const sums = new Map<MemoryKind, number>();
    for (const { kind, bytes } of this.#gauges) sums.set(kind, (sums.get(kind) ?? 0) + bytes());
    const kinds = Object.keys(MEMORY_KINDS) as MemoryKind[];
    return kinds.filter((kind) => sums.has(kind)).map((kind) => ({ kind, bytes: sums.get(kind)! }));
  }

  /** Bytes past the limit, without those that are being freed already; 0 or less while there is room. */
  get overBytes(): number {
    let sum = 0;
    for (const { kind, bytes } of this.#gauges) if (!LEAVING.has(kind)) sum += bytes();
    return sum - this.limitBytes;
  }

  /** Whether more is held than the limit allows. New work is refused then. */
  get isOver(): boolean {
    return this.overBytes > 0;
  }

  /** Frees memory step by step until the sum is within the limit or no step is left. Call it a few times a second. */
  relieve(): void {
    let over = this.overBytes;
    for (const step of RELIEF_ORDER) {
      for (const relief of this.#reliefs.get(step) ?? []) {
        if (over <= 0) return;
        over -= relief(over);
      }
    }
  }
}
