import type { ConnectRefusal, PlayRefusal, PublishRefusal } from '../../model/refusals.js';

/** The owner's answer to `connectRequested`. The description is shown to the client's user. */
export type ConnectAnswer =
  | { readonly accept: true }
  | { readonly accept: false; readonly code: ConnectRefusal; readonly description: string };

/** The owner's answer to `publishRequested`. The description is shown to the encoder's user. */
export type PublishAnswer =
  | { readonly accept: true }
  | { readonly accept: false; readonly code: PublishRefusal; readonly description: string };

/**
 * The owner's answer to `playRequested`. `waiting`: there is no publisher yet; `publisherCame` follows when there is.
 */
export type PlayAnswer =
  | { readonly accept: true; readonly waiting?: boolean }
  | { readonly accept: false; readonly code: PlayRefusal; readonly description: string };
