/** How the server writes the codecs whose pictures can be made: FourCCs. */
export type PictureCodec = 'avc1' | 'hvc1' | 'av01' | 'vp08' | 'vp09';

/**
 * The codec as browsers want it named (RFC 6381), from its configuration record.
 *
 * @param config avcC, hvcC, av1C or vpcC, borrowed
 * @returns undefined: the record is too short to tell
 */
export function codecString(codec: PictureCodec, config: Uint8Array): string | undefined {
  if (codec === 'vp08') return 'vp8';
  if (codec === 'avc1') return config.length < 4 ? undefined : `avc1.${hex(config.subarray(1, 4))}`;
  if (codec === 'hvc1') return config.length < 13 ? undefined : hevcString(config);
  return codec === 'av01' ? av1String(config) : vp9String(config);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * `hvc1.1.6.L93.B0`: profile, compatibility with its bits turned round, tier and level, constraints (ISO 14496-15,
 * E.3).
 */
function hevcString(config: Uint8Array): string {
  const first = config[1]!;
  const space = ['', 'A', 'B', 'C'][first >> 6];
  let compatible = 0;
  for (let bit = 0; bit < 32; bit += 1) {
    if (((config[2 + (bit >> 3)]! >> (7 - (bit & 7))) & 1) === 1) compatible += 2 ** bit;
  }
  const constraints = Array.from(config.subarray(6, 12));
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const parts = [
    'hvc1',
    `${space}${first & 0x1f}`,
    compatible.toString(16),
    `${(first & 0x20) === 0 ? 'L' : 'H'}${config[12]}`,
    ...constraints.map((byte) => byte.toString(16)),
  ];
  return parts.join('.');
}

/** `av01.0.04M.08`: profile, level and tier, bits of a sample (AV1 in ISOBMFF, 5). */
function av1String(config: Uint8Array): string | undefined {
  if (config.length < 4) return undefined;
  const [, levels = 0, flags = 0] = config;
  const isDeep = (flags & 0x40) !== 0;
  const depth = isDeep && (flags & 0x20) !== 0 ? 12 : isDeep ? 10 : 8;
  return `av01.${levels >> 5}.${two(levels & 0x1f)}${(flags & 0x80) === 0 ? 'M' : 'H'}.${two(depth)}`;
}

/**
 * `vp09.00.10.08`: profile, level, bits of a sample. The record may be a whole box with version and flags before it.
 */
function vp9String(config: Uint8Array): string | undefined {
  const isBox = config.length >= 8 && config[0] === 1 && config[1] === 0 && config[2] === 0 && config[3] === 0;
  const [profile, level, depth] = isBox ? config.subarray(4) : config;
  if (profile === undefined || level === undefined || depth === undefined) return undefined;
  return `vp09.${two(profile)}.${two(level)}.${two(depth >> 4)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
