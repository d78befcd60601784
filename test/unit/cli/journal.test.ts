import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { encodeRecord, eventPayload, RecordKind } from '../../../src/events/journal/record.js';
import { segmentName } from '../../../src/events/journal/storage.js';
import { TestIo } from '../../support/cli/test-io.js';
import { tempDir } from '../../support/temp.js';

const data = tempDir('data');

function record(sequence: number, name: string): Buffer {
  const event = {
    specversion: '1.0',
    id: `${sequence}`,
    source: 'sluice/n1',
    type: 'io.sluice.stream.ended',
    subject: `live/${name}`,
    time: '2026-11-26T06:00:00.000Z',
    streamid: `id-${name}`,
    data: { reason: 'client_unpublish', durationMs: 5000, bytes: 1000, drops: 0 },
  };
  const json = Buffer.from(JSON.stringify(event));
  return encodeRecord(RecordKind.Event, sequence, Date.parse(event.time), ...eventPayload('s', json));
}

beforeAll(() => {
  mkdirSync(join(data, 'journal'), { mode: 0o700 });
  const damaged = record(2, 'cam2');
  damaged[40] ^= 1;
  const bytes = Buffer.concat([record(1, 'cam1'), damaged, record(3, 'cam1'), record(4, 'cam2')]);
  writeFileSync(join(data, 'journal', segmentName(1)), bytes, { mode: 0o600 });
  chmodSync(join(data, 'journal'), 0o700);
});

async function run(...args: string[]): Promise<{ code: number; io: TestIo }> {
  const io = new TestIo();
  return { code: await main(['journal', ...args], io), io };
}

describe('sluice journal', () => {
  it('ls lists segments with size, positions and times, and names damage', async () => {
    const { code, io } = await run('ls', data);
    expect(code).toBe(1);
    expect(io.stdout).toMatch(
      /^0000000000000001\.journal +[\d.]+ kB {2}3 events 1 to 4, 3 not committed {2}2026-11-26T06:00:00\.000Z to 2026-11-26T06:00:00\.000Z\n$/,
    );
    expect(io.stderr).toMatch(
      /^sluice: 0000000000000001\.journal: a damaged record at byte \d+; \d+ bytes are passed over\n$/,
    );
  });

  it('cat prints events from a position on, of one stream, as they are', async () => {
    const { io } = await run('cat', join(data, 'journal'), '--json', '--stream', 'live/cam1', '--from', '2');
    expect(
      io.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['3']);
    const byId = await run('cat', data, '--json', '--stream', 'id-cam2');
    expect(
      byId.io.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['4']);
  });

  it('cat prints events for people with their positions', async () => {
    const { io } = await run('cat', data);
    expect(io.stdout).toMatch(
      /^ {7}1 {2}[\d:.]+ {2}stream\.ended +live\/cam1 {2}client_unpublish, after 5\.0 s, 1\.0 kB\n/,
    );
  });

  it.each([
    [['tail', data], 'expected journal ls or journal cat'],
    [['cat', data, '--from', 'x'], 'expected a position'],
    [['ls', join(data, 'none')], 'ERR_JOURNAL_FOLDER'],
  ])('%j is refused', async (args, words) => {
    const { code, io } = await run(...(args as string[]));
    expect(code).toBe(2);
    expect(io.stderr).toContain(words);
  });
});
