/** Bytes from hex; everything from `//` to the end of a line, and all white space, is left out. */
export function hex(text: string): Buffer {
  const digits = text.replace(/\/\/.*$/gm, '').replace(/\s+/g, '');
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length * 2 !== digits.length)
    throw new Error(`not hex: ${digits.slice(bytes.length * 2, bytes.length * 2 + 20)}`);
  return bytes;
}
