import { describe, expect, it } from 'vitest';
import { encoderRule, KEY } from '../support/admission/encoder-key.js';
import { checkEpochs, checkStreams, typeOf } from '../support/cluster/checks.js';
import { clusterSeeds } from '../support/cluster/cluster-seeds.js';
import { keepOwners, readOwners } from '../support/cluster/owners.js';
import { readStored } from '../support/faults/checker.js';
import { afterwards } from '../support/faults/setting.js';
import { startNats } from '../support/nats.js';
import { seeded } from '../support/random.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const ROUNDS = 8;
/** A move takes some tens of ms: the kill comes before, in and after it. */
const MOST_DELAY_MS = 150;
const RULES = [encoderRule({ set: { conflict: 'resume', resumeWindowMs: 1000 } })];

describe('a node that is killed while a stream moves', () => {
  it.each(clusterSeeds())(
    'leaves each stream one gapless sequence and one end, whichever node it is: seed %i',
    async (seed) => {
      const random = seeded(seed);
      const nats = await startNats();
      afterwards(() => nats.stop());
      await keepOwners([nats.url]);
      const folders = ['n1', 'n2'].map((id) => tempDir(id));
      const spawn = (at: number): Promise<TestServer> =>
        spawnServer({
          nats: nats.url,
          data: folders[at]!,
          settings: {
            'node.id': `n${at + 1}`,
            'cluster.enabled': true,
            'cluster.secret': '0123456789abcdef',
            'cluster.suspectMs': 1000,
            'auth.rules': JSON.stringify(RULES),
            'limits.publishesPerSecondPerIp': 0,
            'shutdown.deadlineMs': 2000,
          },
        });
      const servers = await Promise.all([spawn(0), spawn(1)]);
      afterwards(async () => {
        await Promise.all(servers.map((server) => server.child.stop('SIGKILL')));
        for (const folder of folders) removeTempDir(folder);
      });
      const names: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const name = `cam${round}`;
        names.push(name);
        const from = round % 2;
        const first = await RawRtmp.connected({ port: servers[from]!.rtmpPort });
        const id = await first.publish(`${name}?key=${KEY}`);
        first.message(8, Buffer.from([0xaf, 0, 0x12, 0x10]), { messageStreamId: id, timestamp: 0 });
        first.message(8, Buffer.from([0xaf, 1, 1, 2, 3]), { messageStreamId: id, timestamp: 0 });
        await servers[from]!.ready(name);
        const second = await RawRtmp.connected({ port: servers[1 - from]!.rtmpPort });
        const other = await second.createStream();
        second.command(other, 'publish', 0, null, `${name}?key=${KEY}`, 'live');
        const victim = random() < 0.5 ? from : 1 - from;
        await new Promise((resolve) => setTimeout(resolve, random() * MOST_DELAY_MS));
        await servers[victim]!.child.stop('SIGKILL');
        servers[victim] = await spawn(victim);
        first.destroy();
        second.destroy();
      }
      let left: readonly string[] = [];
      const stored = await waitFor(
        async () => {
          const all = (await readStored(nats.url)).filter(({ event }) => names.includes(String(event.data['name'])));
          // A publish that was refused is no stream.
          const streams = all.filter((one) => typeOf(one) !== 'stream.rejected');
          const open = new Set(streams.map(({ event }) => event.streamid));
          for (const one of all) if (typeOf(one) === 'stream.ended') open.delete(one.event.streamid);
          left = all.filter(({ event }) => open.has(event.streamid)).map((one) => `${typeOf(one)} ${one.subject}`);
          return open.size === 0 ? all : undefined;
        },
        { timeoutMs: 60_000, everyMs: 500, what: () => `seed ${seed}: an end of each stream\n${left.join('\n')}` },
      );
      expect(checkStreams(stored), `seed ${seed}`).toEqual([]);
      expect(checkEpochs(stored, await readOwners([nats.url])), `seed ${seed}`).toEqual([]);
    },
  );
});
