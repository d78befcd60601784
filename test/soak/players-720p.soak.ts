import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { SameOrder } from '../support/same-order.js';
import { spawnServer } from '../support/server.js';
import { waitFor } from '../support/wait.js';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 3);
const players = Number(process.env['SOAK_PLAYERS'] ?? 50);
const MiB = 1024 * 1024;

/** CPU seconds that a process has used, user and system. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(`holds its memory over ${minutes} minutes of 720p with ${players} players, all in order`, async () => {
  const source = await media('720p.flv');
  const server = await spawnServer();
  const order = new SameOrder(players);
  const faults: string[] = [];
  const watching = await Promise.all(
    Array.from({ length: players }, async (_, i) => {
      const client = await RawRtmp.connected({ port: server.rtmpPort });
      await client.play('soak');
      client.onMessage = (m) => {
        if (m.type !== 8 && m.type !== 9) return;
        const end = m.payload.length;
        const print = `${m.type} ${m.timestamp} ${end} ${m.payload.toString('hex', 0, 12)} ${m.payload.toString('hex', Math.max(0, end - 8))}`;
        try {
          order.take(i, print);
        } catch (error) {
          faults.push(String(error));
          client.destroy();
        }
      };
      return client;
    }),
  );
  const encoder = new Child([
    ...['ffmpeg', '-hide_banner', '-loglevel', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', source],
    ...['-c', 'copy', '-f', 'flv', server.url('soak')],
  ]);
  await server.ready('soak', 20_000);

  const everyMs = 5000;
  const samples: { atSeconds: number; residentMiB: number; messages: number; behind: number }[] = [];
  const [startedAt, cpuAtStart] = [performance.now(), await cpuSeconds(server.child.pid)];
  await waitFor(
    async () => {
      samples.push({
        atSeconds: Math.round((performance.now() - startedAt) / 1000),
        residentMiB: Math.round(((await server.residentBytes()) / MiB) * 10) / 10,
        messages: order.reachedByAll,
        behind: order.reachedByOne - order.reachedByAll,
      });
      if (faults.length > 0 || encoder.exit !== undefined || watching.some((c) => c.closed)) return 'over';
      return performance.now() - startedAt >= minutes * 60_000 ? 'over' : undefined;
    },
    { timeoutMs: (minutes + 1) * 60_000, everyMs },
  );
  const wallSeconds = (performance.now() - startedAt) / 1000;
  const cpu = (((await cpuSeconds(server.child.pid)) - cpuAtStart) / wallSeconds) * 100;

  const warmUp = Math.min(5, minutes / 3) * 60;
  const settled = samples.filter((s) => s.atSeconds >= warmUp);
  const third = Math.max(1, Math.floor(settled.length / 3));
  const early = median(settled.slice(0, third).map((s) => s.residentMiB));
  const late = median(settled.slice(-third).map((s) => s.residentMiB));
  const received = watching.reduce((sum, c) => sum + c.bytesReceived, 0);
  console.log(
    JSON.stringify({
      minutes,
      players,
      messagesPerPlayer: order.reachedByAll,
      egressMbps: Math.round((received * 8) / wallSeconds / 1e5) / 10,
      serverCpuPercent: Math.round(cpu * 10) / 10,
      residentMiB: {
        atStart: samples[0].residentMiB,
        afterWarmUp: early,
        atEnd: late,
        most: Math.max(...samples.map((s) => s.residentMiB)),
      },
      mostBehind: Math.max(...samples.map((s) => s.behind)),
      samples: samples.filter((_, i) => i % Math.ceil(samples.length / 20) === 0),
    }),
  );
  const encoderExit = encoder.exit;
  const lost = watching.filter((c) => c.closed).length;
  await encoder.stop('SIGTERM');
  expect(faults).toEqual([]);
  expect(encoderExit, encoder.output).toBeUndefined();
  expect(lost, server.child.output.slice(-2000)).toBe(0);
  expect(order.reachedByAll).toBeGreaterThan(minutes * 60 * 25);
  // Shorter runs end before the heap has settled: they show order only.
  expect(minutes < 3 ? 0 : Math.abs(late - early) / early).toBeLessThan(0.1);
  for (const client of watching) client.destroy();
  await server.stop();
});
