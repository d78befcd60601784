/** Where a stream can be fetched: a URL for each door that this node has, without keys and tokens. */
export interface StreamUrls {
  readonly rtmp: string;
}
