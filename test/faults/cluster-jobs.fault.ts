import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../src/jobs/record/record.js';
import { encoderRule, KEY } from '../support/admission/encoder-key.js';
import { keepOwners } from '../support/cluster/owners.js';
import { afterwards } from '../support/faults/setting.js';
import { bucketValues } from '../support/jobs/buckets.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

/** A stream is replaced three times a minute at most. */
const MOVES = 3;
const RULES = [encoderRule({ set: { conflict: 'resume', resumeWindowMs: 15_000 } })];
// A failed attempt would be the last one.
const TEMPLATES = `
version: 1
templates:
  - name: record
    run: { exec: [ffmpeg, -hide_banner, -nostdin, -loglevel, error, -i, "{url}", -c, copy, "{out}/part.flv"] }
    out: { dir: "OUT/{streamId}" }
    retry: { max: 0 }
    graceMs: 2000
`;

describe('a job whose stream moves', () => {
  it(`follows it over ${MOVES} moves, each of which costs one attempt and no failure`, async () => {
    const nats = await startNats();
    afterwards(() => nats.stop());
    await keepOwners([nats.url]);
    const spawn = (at: number): Promise<TestServer> =>
      spawnServer({
        nats: nats.url,
        settings: {
          'node.id': `n${at + 1}`,
          'cluster.enabled': true,
          'cluster.secret': '0123456789abcdef',
          'auth.rules': JSON.stringify(RULES),
          'limits.publishesPerSecondPerIp': 0,
          'shutdown.deadlineMs': 2000,
        },
      });
    const servers = await Promise.all([spawn(0), spawn(1)]);
    afterwards(() => Promise.all(servers.map((server) => server.stop())));
    const file = join(tempDir('jobs'), 'jobs.yaml');
    writeFileSync(file, TEMPLATES.replace('OUT', tempDir('out')));
    const runner = new RunnerProcess({ nats: nats.url, file, args: ['--slots', '4'] });
    afterwards(() => runner.child.stop('SIGKILL'));
    await runner.ready();
    const video = await media('long.flv');
    const publish = (server: TestServer) => {
      const encoder = ffmpegPublish(video, `${server.url('cam')}?key=${KEY}`);
      afterwards(() => encoder.stop('SIGKILL'));
      return encoder;
    };
    const record = async (): Promise<JobRecord | undefined> =>
      (await bucketValues<JobRecord>(nats.url, 'SLUICE_JOBS'))[0];
    const runs = (attempt: number, server: TestServer) =>
      waitFor(
        async () => {
          const now = await record();
          const isPlayed = now?.state === 'running' && now.attempt === attempt && (await server.playerCount()) === 1;
          return isPlayed ? now : undefined;
        },
        { timeoutMs: 20_000, what: () => `attempt ${attempt} to play\n${runner.child.output.slice(-3000)}` },
      );
    let encoder = publish(servers[0]!);
    await runs(1, servers[0]!);
    for (let move = 1; move <= MOVES; move++) {
      const to = servers[move % 2]!;
      encoder = publish(to);
      const after = await runs(move + 1, to);
      expect(after).toMatchObject({ failures: 0, last: { outcome: 'stopped', reason: 'stream_moved' } });
    }
    await encoder.stop('SIGTERM');
    const over = await waitFor(
      async () => {
        const now = await record();
        return now?.state === 'done' ? now : undefined;
      },
      { timeoutMs: 30_000, what: () => `the job to be settled\n${runner.child.output.slice(-3000)}` },
    );
    expect(over).toMatchObject({ attempt: MOVES + 1, failures: 0 });
    expect(over.outcome).not.toBe('failed');
  });
});
