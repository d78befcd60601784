/** A message that is not media; `payload` is borrowed until the next call of `JsChunkParser.next`. */
export interface JsMessage {
  readonly type: number;
  readonly timestamp: number;
  readonly messageStreamId: number;
  readonly chunkStreamId: number;
  readonly payload: Uint8Array;
}
