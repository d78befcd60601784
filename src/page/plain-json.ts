/**
 * Characters that say in which direction what follows is written. Names and programs of strangers may have them, and
 * would turn round what stands beside them: `exe.png` would be shown for a name that ends with `gnp.exe`.
 */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Reads JSON of the server, in which characters that turn text round are written out: `\u202e`.
 *
 * @throws SyntaxError
 */
export function plainJson(text: string): unknown {
  const plain = text.replace(TURNING, (one) => `\\\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return JSON.parse(plain);
}
