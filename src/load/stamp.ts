/**
 * The stamp inside each synthetic video frame: an SEI user data message (ITU-T H.264 §D.1.6, type 5), so that decoders
 * skip it. `uuid(16) · nanoseconds(19 decimal digits) · frame index(6 decimal digits)`: digits, because they never need
 * emulation prevention. Nanoseconds are of the machine's monotonic clock, the same for all its processes.
 */
export const STAMP_UUID = Buffer.from('5b1ce0a7c94e4fd08a61f2d73b9e58c4', 'hex');
const NANOSECOND_DIGITS = 19;
const INDEX_DIGITS = 6;
/** UUID and digits. */
export const STAMP_BYTES = STAMP_UUID.length + NANOSECOND_DIGITS + INDEX_DIGITS;

/** One stamp as read. */
interface Stamp {
  readonly nanoseconds: bigint;
  readonly index: number;
}

/** The SEI NAL unit with an unset time. The caller owns it. */
export function stampNal(index: number): Buffer {
  const digits = '0'.repeat(NANOSECOND_DIGITS) + String(index).padStart(INDEX_DIGITS, '0');
  return Buffer.concat([
    Buffer.from([0x06, 0x05, STAMP_BYTES]),
    STAMP_UUID,
    Buffer.from(digits, 'latin1'),
    Buffer.from([0x80]),
  ]);
}

/** Writes the time behind a UUID that starts at `uuidAt`. */
export function writeStampTime(target: Buffer, uuidAt: number, nanoseconds: bigint): void {
  target.write(nanoseconds.toString().padStart(NANOSECOND_DIGITS, '0'), uuidAt + STAMP_UUID.length, 'latin1');
}

/** Position of the digits that change with each sending, relative to the UUID's start. */
export const STAMP_TIME_RANGE = [STAMP_UUID.length, STAMP_UUID.length + NANOSECOND_DIGITS] as const;

/**
 * Reads the stamp whose UUID starts at `uuidAt`.
 *
 * @returns `undefined` when its bytes are not all there or are no digits
 */
export function readStamp(bytes: Buffer, uuidAt: number): Stamp | undefined {
  const digits = bytes.toString('latin1', uuidAt + STAMP_UUID.length, uuidAt + STAMP_BYTES);
  if (!/^\d{25}$/.test(digits)) return undefined;
  return { nanoseconds: BigInt(digits.slice(0, NANOSECOND_DIGITS)), index: Number(digits.slice(NANOSECOND_DIGITS)) };
}
