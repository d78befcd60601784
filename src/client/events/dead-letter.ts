import { SluiceError } from '../../core/errors.js';
import type { Delivery } from '../../events/consume/delivery.js';
import { consumerTimeout } from '../../events/consume/stream-info.js';
import { type NatsConnection, natsHeaders } from '../../nats/connection.js';
import { publish } from '../../nats/jetstream.js';

/** Longest text of an error that goes into a header, characters. */
const MAX_ERROR_LENGTH = 512;

/**
 * Publishes an abandoned event to a subject that a JetStream stream keeps: its bytes as they came, and in headers where
 * it was stored, why it was abandoned and after how many tries. The id of the message is its position, so that a second
 * copy within the stream's duplicate window is refused.
 *
 * @throws SluiceError ERR_EVENTS_DEAD_LETTER when it is not known to be stored
 */
export async function deliverDeadLetter(
  connection: NatsConnection,
  subject: string,
  delivery: Delivery,
  why: { readonly cause: unknown; readonly attempts: number },
): Promise<void> {
  const message = why.cause instanceof Error ? why.cause.message : String(why.cause);
  const headers = natsHeaders({
    'Nats-Msg-Id': `${delivery.subject}@${delivery.position}`,
    'Sluice-Subject': delivery.subject,
    'Sluice-Position': String(delivery.position),
    'Sluice-Attempts': String(why.attempts),
    'Sluice-Error': printable(message),
  });
  const reply = await publish(connection, subject, delivery.data, headers, consumerTimeout());
  if (reply.kind !== 'ack') throw new SluiceError('ERR_EVENTS_DEAD_LETTER', `${subject}: ${reply.code} ${reply.text}`);
}

/** Header values are single lines. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, MAX_ERROR_LENGTH);
}
