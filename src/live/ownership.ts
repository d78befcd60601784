import type { Epoch } from '../model/epoch.js';
import type { Grant } from '../model/grant.js';
import type { PublishRefusal } from '../model/refusals.js';
import type { Refusal } from './access.js';
import type { MovedStream } from './moved-stream.js';

/** A publish that has won its name on this node, and wants it over all nodes. */
export interface NameWish {
  readonly app: string;
  readonly name: string;
  /** Id of the stream that begins when the name is won. */
  readonly streamId: string;
  readonly principal: string;
  /** Address of its client. */
  readonly address: string;
  readonly grant: Grant;
  /** Whether the client still waits. */
  isWanted(): boolean;
}

/** What became of a {@link NameWish}. */
export type NameOutcome =
  | { readonly kind: 'won'; readonly epoch: Epoch }
  /** The stream that has the name goes on here. It was announced to the events: see {@link StreamMoves.announce}. */
  | { readonly kind: 'moved'; readonly epoch: Epoch; readonly stream: MovedStream }
  | { readonly kind: 'refused'; readonly refusal: Refusal<PublishRefusal> };

/** Decides over all nodes which of them has a name. None of it throws or rejects. */
export interface Ownership {
  /** Wins a name for a publish, or not. It takes as long as the registry and the present holder do. */
  win(wish: NameWish): Promise<NameOutcome>;
  /** A stream that won its name has not begun: the name is free again. The end of one that has begun is seen. */
  giveUp(streamId: string): void;
}
