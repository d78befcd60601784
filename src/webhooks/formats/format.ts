import type { AnySluiceEvent, StreamStarted } from '../../events/event-types.js';

/** An event as formats see it. */
interface ToldEvent {
  /** Its JSON as the journal has it. */
  readonly json: Buffer;
  readonly event: AnySluiceEvent;
}

/** A form of the posts of a webhook, and of the answers to them. */
export interface HookFormat {
  readonly contentType: string;
  /** Whether it has a form for events of a type. Others are left out. */
  tells(type: string): boolean;
  /** Whether it needs the start of the stream for the end of it. */
  readonly needsStart: boolean;
  /** The body of the post. @param start of the event's stream, where it is needed and the journal still has it */
  body(told: ToldEvent, start: StreamStarted | undefined): Buffer;
  /** The body of a post that tells nothing: a test. @param nowMs wall clock */
  test(node: { readonly nodeId: string; readonly bootId: string }, name: string, id: string, nowMs: number): Buffer;
  /** Whether the body of an answer with a status of success says that the event was taken. */
  isTaken(body: Buffer): boolean;
}
