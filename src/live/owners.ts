import type { Epoch } from '../model/epoch.js';

/** A name of a stream. */
export interface OwnedName {
  readonly app: string;
  readonly name: string;
}

/** Which node has a name. */
export interface OwnerOf {
  readonly nodeId: string;
  /** ULID of its process. */
  readonly bootId: string;
  /** The stream that is published under the name. */
  readonly streamId: string;
  readonly epoch: Epoch;
  /** `moving`: it is being handed to another node. */
  readonly state: 'live' | 'moving';
}

/** What is told at each change of an owner. It is a hint: any program on the NATS may send it. */
export interface OwnerNews {
  /** `released`: nobody has the name any more. */
  readonly state: 'live' | 'moving' | 'released';
  readonly nodeId: string;
  readonly epoch: Epoch;
}

/** Knows which node has a name. None of it throws or rejects. */
export interface Owners {
  /**
   * Finds the owner of a name. An answer is at most 2 s old; while the registry cannot be asked at most 60 s.
   *
   * @param isFresh asks the registry, whatever is remembered
   * @returns `none`: nobody has it; `unknown`: the registry cannot be asked, and nothing is remembered
   */
  find(of: OwnedName, isFresh?: boolean): Promise<OwnerOf | 'none' | 'unknown'>;
  /** Calls `told` with each change that is told of a name. @returns a function that stops it */
  listen(of: OwnedName, told: (news: OwnerNews) => void): () => void;
}
