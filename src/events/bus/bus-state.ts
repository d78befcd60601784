/** The state of the bus in one word. `off`: no NATS is configured. */
export type BusState =
  | 'off'
  | 'connecting'
  | 'ready'
  | 'disconnected'
  | 'refused'
  | 'no_jetstream'
  | 'stream_missing'
  | 'stream_full'
  | 'stream_misconfigured'
  | 'unsafe_replicas'
  | 'denied'
  | 'not_answering'
  | 'closed';
