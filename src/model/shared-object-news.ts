/** What is told of a shared object. */
export interface SharedObjectNews {
  readonly verb: 'created' | 'changed' | 'released';
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
  readonly version: number;
  readonly slots: number;
  /** What it takes in memory, about. */
  readonly bytes: number;
  readonly users: number;
  /** Since the news before: slots that were set or removed, and messages that were sent. */
  readonly changes: number;
  readonly sends: number;
}
