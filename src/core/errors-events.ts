import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of the event layer: journal, NATS, event log. */
export const EVENT_ERRORS = {
  ERR_EVENTS_JOURNAL_FULL: failure(
    'failed',
    'operator',
    'the event journal takes no new streams: its disk is full or events.maxJournalBytes is reached',
    'free space, or bring NATS back so that the journal can drain',
  ),
  ERR_EVENTS_JOURNAL_FAILED: failure(
    'failed',
    'operator',
    'the event journal cannot be written',
    'check the disk and the rights of the data folder',
  ),
  ERR_EVENTS_JOURNAL_LOCKED: failure(
    'failed',
    'operator',
    'the data folder is in use',
    'stop or close the server that uses it, or give this one a folder of its own with --data',
  ),
  ERR_EVENTS_CLOSED: failure(
    'failed',
    'internal',
    'the event layer is closed',
    'nothing can be published while the server stops',
  ),
  ERR_EVENTS_BUS_DOWN: failure(
    'failed',
    'operator',
    'NATS cannot be reached and events.onBusDown refuses new streams meanwhile',
    'bring NATS back, or set events.onBusDown to accept',
  ),
  ERR_EVENTS_STREAM_TAKEN: failure(
    'failed',
    'internal',
    'a session with this stream id is already open',
    'report it with the log line that names this code',
  ),
  ERR_EVENTS_NATS_OPTIONS: failure(
    'usage',
    'operator',
    'the NATS settings cannot be used',
    'check nats.url, the credentials and the TLS files',
  ),
  ERR_EVENTS_NO_JETSTREAM: failure(
    'unreachable',
    'operator',
    'the NATS server has no JetStream, which keeps the events',
    'start nats-server with -js, or put a jetstream block into its configuration and enable it for the account',
  ),
  ERR_EVENTS_CURSOR: failure(
    'failed',
    'peer',
    'the history does not go back to this event',
    'start without Last-Event-ID, or from a time',
  ),
  ERR_EVENTS_UNREACHABLE: failure(
    'unreachable',
    'operator',
    'the events cannot be read there',
    'check that the server runs and that --http or --nats names its address',
  ),
  ERR_EVENTS_STREAM_MISSING: failure(
    'failed',
    'operator',
    'the JetStream stream of the events is not there',
    'start the server that makes it, or name the right one',
  ),
  ERR_EVENTS_CONSUMER_CONFLICT: failure(
    'failed',
    'operator',
    'the durable consumer was made for other streams',
    "give this pattern a name of its own, or onConflict: 'update' to change the consumer",
  ),
  ERR_EVENTS_DEAD_LETTER: failure(
    'failed',
    'operator',
    'an event could not be stored with the dead letters',
    'make a JetStream stream for the subject; the event is tried again meanwhile',
  ),
  ERR_EVENTS_OPTION: failure(
    'failed',
    'operator',
    'the events cannot be consumed with this option',
    'see the options of onStream in docs/events.md',
  ),
} as const satisfies Record<string, ErrorEntry>;
