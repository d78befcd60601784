/** Most bytes of the headers of a message that are read. */
export const MAX_HEADER_BYTES = 16 << 10;
/** Most headers of a message that are read: the client looks through all of them for each that it adds. */
export const MAX_HEADERS = 64;

/** The one header of a message whose own headers cannot be read: malformed, too many or too long. */
export const UNREADABLE_HEADERS = 'Sluice-Unreadable-Headers';
const STAND_IN = Buffer.from(`NATS/1.0\r\n${UNREADABLE_HEADERS}: 1\r\n\r\n`);

/** A message as the parser of nats.js hands it on. Its data are the headers and then the body. */
interface ParsedMessage {
  /** Bytes of the headers; -1: it has none. */
  readonly hdr: number;
  readonly size: number;
}

/** The part of nats.js that takes parsed messages and calls the subscription; it is not in its public interface. */
interface Protocol {
  processMsg(message: ParsedMessage, data: Uint8Array): void;
}

/**
 * Keeps one message from stopping all others. The client reads headers when somebody looks at them, and throws at those
 * that are malformed. It would stop reading then, and the connection would be found dead some pings later: whoever may
 * publish to a subject of this process could cut it off. So headers are checked before, and replaced by
 * {@link UNREADABLE_HEADERS}.
 *
 * @param connection of nats.js
 * @param failed told of an error that a subscription has thrown; reading goes on
 */
export function guardMessages(connection: object, failed: (error: unknown) => void): void {
  const { protocol } = connection as { readonly protocol: Protocol };
  const process = protocol.processMsg.bind(protocol);
  protocol.processMsg = (message, data) => {
    try {
      if (message.hdr <= 0 || areReadable(data.subarray(0, message.hdr))) process(message, data);
      else process(...withoutHeaders(message, data));
    } catch (error) {
      failed(error);
    }
  };
}

function withoutHeaders(message: ParsedMessage, data: Uint8Array): [ParsedMessage, Uint8Array] {
  const changed = { ...message, hdr: STAND_IN.length, size: message.size - message.hdr + STAND_IN.length };
  return [changed, Buffer.concat([STAND_IN, data.subarray(message.hdr)])];
}

/** Whether headers are few, and all of them such that the client can read them. */
function areReadable(headers: Uint8Array): boolean {
  if (headers.length > MAX_HEADER_BYTES) return false;
  const [status = '', ...lines] = Buffer.from(headers.buffer, headers.byteOffset, headers.length)
    .toString('latin1')
    .replace(/\r\n\r\n$/, '')
    .split('\r\n');
  return status.startsWith('NATS/1.0') && lines.length <= MAX_HEADERS && lines.every(isReadable);
}

/** A name is of visible ASCII characters; a value has no line break in it. */
function isReadable(line: string): boolean {
  return /^[\x21-\x39\x3b-\x7e]+:[^\r\n]*$/.test(line);
}
