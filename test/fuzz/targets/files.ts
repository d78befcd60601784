import { parseYamlText } from '../../../src/config/file.js';
import { loadConfig } from '../../../src/config/load.js';
import { ROWS } from '../../../src/config/table.js';
import { SluiceError } from '../../../src/core/errors.js';
import { FlvReader } from '../../../src/flv/flv-reader.js';
import { flvHeader, flvTag } from '../../../src/flv/flv-writer.js';
import { VECTORS } from '../../support/flv-vectors.js';
import { seeded } from '../../support/random.js';
import { type FuzzTarget, pieces, same } from '../target.js';

function tagsOf(parts: readonly Uint8Array[]): string {
  const reader = new FlvReader({ maxTagBytes: 5000 });
  const lines: string[] = [];
  for (const part of parts) {
    for (const { type, timestamp, payload } of reader.push(part))
      lines.push(`${type} ${timestamp} ${Buffer.from(payload).toString('hex')}`);
  }
  const { failure, hasAudio, hasVideo, wholeBytes } = reader;
  return [...lines, `${failure?.message} ${hasAudio} ${hasVideo} ${wholeBytes}`].join('\n');
}

/** FLV files, cut anywhere. */
export const flv: FuzzTarget = {
  name: 'flv-reader',
  what: 'FLV files, in any split against the whole',
  sources: ['/src/flv/'],
  tokens: [
    flvHeader({ audio: true, video: true }),
    ...VECTORS.map(({ hex }) => Buffer.from(hex.replaceAll(/[\s|]/g, ''), 'hex')),
  ],
  maxBytes: 8000,
  samples: (seed) => {
    const random = seeded(seed);
    const tags = Array.from({ length: 5 }, (_, i) =>
      flvTag([8, 9, 18][i % 3]!, Math.floor(random() * 2 ** 32), Buffer.alloc(Math.floor(random() * 300), i)),
    );
    return [Buffer.concat([flvHeader({ audio: true, video: random() < 0.5 }), ...tags])];
  },
  run: (input) => same(tagsOf(pieces(input)), tagsOf([input]), 'split and whole'),
};

const VALUES = [
  'true',
  '0',
  '-1',
  '1e400',
  '"x"',
  '[]',
  '{}',
  '[{}]',
  '~',
  '10s',
  '64KiB',
  '*',
  '&a [*a]',
  '127.0.0.1:0',
];

/** The configuration file. */
export const config: FuzzTarget = {
  name: 'config',
  what: 'a configuration file: settings, or an error with a code and bounded text; no secret in it',
  sources: ['/src/config/', '/src/core/check-input'],
  tokens: [...ROWS.map(({ key }) => `\n${key.split('.').join(':\n  ')}: `), ...VALUES].map((text) => Buffer.from(text)),
  maxBytes: 2000,
  samples: (seed) => {
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    return Array.from({ length: 8 }, () => {
      const [group, ...rest] = pick(ROWS).key.split('.');
      return Buffer.from(`${group}:\n  ${rest.join(':\n    ')}: ${pick(VALUES)}\n`);
    });
  },
  run: (input) => {
    const content = parseYamlText(Buffer.from(input).toString());
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return;
    try {
      loadConfig({ file: 'fuzz.yaml', content: content as Record<string, unknown> });
    } catch (error) {
      if (!(error instanceof SluiceError) || !error.code.startsWith('ERR_CONFIG_')) throw error;
      if (error.message.length > 200_000) throw new Error(`an error of ${error.message.length} characters`);
    }
  },
};
