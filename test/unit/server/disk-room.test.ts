import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskRoom } from '../../../src/server/disk-room.js';
import { root } from '../../support/policy/sources.js';

describe('the room on disks', () => {
  it('is that of the file system of each folder', async () => {
    const [room, ...more] = await diskRoom({ data: root });
    expect(more).toEqual([]);
    expect(room?.place).toBe('data');
    expect(room?.sizeBytes).toBeGreaterThan(0);
    expect(room?.freeBytes).toBeLessThanOrEqual(room!.sizeBytes);
  });

  it('is not told for a folder that is not set, or not there', async () => {
    expect(await diskRoom({ data: '', media: join(root, 'there-is-no-such-folder') })).toEqual([]);
  });
});
