import { closeShape, FRAME_BYTES, FRAME_KEYS } from './amf0-names';
import * as C from './constants';

// The scanners keep their open containers on a stack of frames. There is no recursion, so depth is a number that can be
// checked. amf0-names.ts owns words 2 and 3 of a frame, amf3.ts those behind.
export const FRAME_TOKEN: u32 = 0; // token index of the container
export const FRAME_LEFT: u32 = 4; // values that are still to come without a key of their own before them

/** Opens a container whose token is `tokens`. */
export function openFrame(frame: u32, tokens: u32, left: u32): void {
  store<u32>(frame, tokens, FRAME_TOKEN);
  store<u32>(frame, left, FRAME_LEFT);
  store<u32>(frame, 0, FRAME_KEYS);
}

/** Closes a container: the token after everything inside it becomes its neighbour. */
export function closeFrame(frame: u32, tokens: u32): void {
  store<u32>(C.AMF_TABLE + (load<u32>(frame, FRAME_TOKEN) << 5), tokens, C.TOKEN_NEXT << 2);
}

/** Closes a container that is complete. */
export function finishFrame(frame: u32, tokens: u32): void {
  closeFrame(frame, tokens);
  closeShape(frame, C.AMF_TABLE + (load<u32>(frame, FRAME_TOKEN) << 5), tokens);
}

/** Whether the container of this token is still open. A reference to it would make a cycle. */
export function isOpen(frame: u32, token: u32): bool {
  for (let f = frame; f >= (C.AMF_STACK as u32); f -= FRAME_BYTES) {
    if (load<u32>(f, FRAME_TOKEN) === token) return true;
  }
  return false;
}
