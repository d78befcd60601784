import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { bucketValues } from '../support/jobs/buckets.js';
import { RunnerProcess } from '../support/jobs/runner-process.js';
import { checkManifests } from '../support/kubernetes.js';
import { media } from '../support/media.js';
import { startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { ffmpegPublish, probeStreams } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

const LOOP = join(repository(), 'examples', 'kubernetes', 'lease-loop.mjs');
const SCALED = join(repository(), 'examples', 'kubernetes', 'scaled-object.yaml');
const RECORD = join(repository(), 'examples', 'jobs', 'record.yaml');

/** Stands for kubectl: objects are files, and the status of each is a file that the test writes. */
const KUBECTL = `#!/usr/bin/env node
const fs = require('fs');
const [verb, , name] = process.argv.slice(2);
const fail = (text) => { process.stderr.write('Error from server (' + text + ')'); process.exit(1); };
const at = (each) => process.env.CLUSTER + '/' + each;
if (verb === 'create') {
  const made = JSON.parse(fs.readFileSync(0, 'utf8'));
  if (fs.existsSync(at(made.metadata.name))) fail('AlreadyExists');
  fs.writeFileSync(at('.new'), JSON.stringify(made));
  fs.renameSync(at('.new'), at(made.metadata.name));
} else if (!fs.existsSync(at(name))) fail('NotFound');
else if (verb === 'delete') fs.renameSync(at(name), at(name + '.deleted'));
else {
  const status = fs.existsSync(at('.status-' + name)) ? fs.readFileSync(at('.status-' + name), 'utf8') : '{}';
  process.stdout.write('{"status":' + status + '}');
}
`;

interface Job {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly backoffLimit: number;
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly command: readonly string[] }] } };
  };
}

interface JobRow {
  readonly state: string;
  readonly outcome?: string;
  readonly attempt: number;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What stands for a cluster, and who leases for it. */
class Cluster {
  readonly #folder = tempDir('cluster');
  readonly #tools = tempDir('kubectl');
  readonly #nats: string;

  constructor(nats: string) {
    this.#nats = nats;
    const path = join(this.#tools, 'kubectl');
    writeFileSync(path, KUBECTL);
    chmodSync(path, 0o755);
  }

  loop(name: string): Child {
    const PATH = `${this.#tools}${delimiter}${process.env['PATH']}`;
    const env = { PATH, CLUSTER: this.#folder, NATS_URL: this.#nats, WORKER: name, SLOTS: '1' };
    const child = new Child([process.execPath, LOOP], { env });
    closing.push(() => child.stop('SIGKILL'));
    return child;
  }

  /** Names of the Jobs; deleted ones end with `.deleted`. */
  get names(): string[] {
    return readdirSync(this.#folder).filter((name) => !name.startsWith('.'));
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  job(name: string): Job {
    return JSON.parse(readFileSync(this.path(name), 'utf8')) as Job;
  }

  tell(name: string, status: object): void {
    writeFileSync(join(this.#folder, `.status-${name}`), JSON.stringify(status));
  }

  async created(loop: Child, ending: string): Promise<string> {
    return waitFor(() => this.names.find((name) => name.endsWith(ending)), {
      timeoutMs: 30_000,
      what: () => `the Job …${ending}; there are ${this.names.join(' ')}\n${loop.output}`,
    });
  }
}

async function start(): Promise<{ url: string; server: TestServer; cluster: Cluster }> {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const server = await spawnServer({ nats: nats.url });
  closing.push(() => server.stop());
  const file = join(tempDir('templates'), 'record.yaml');
  writeFileSync(file, `${readFileSync(RECORD, 'utf8')}    runners: { labels: { pool: kubernetes } }\n`);
  const settings = { 'jobs.leaseMs': 2000, 'jobs.compareMs': 1000 };
  const runner = await new RunnerProcess({ nats: nats.url, file, settings, args: ['--dispatch'] }).ready();
  closing.push(() => runner.child.stop('SIGTERM', 20_000));
  return { url: nats.url, server, cluster: new Cluster(nats.url) };
}

async function publish(server: TestServer, seconds: number): Promise<{ streamId: string; stop: () => unknown }> {
  const encoder = ffmpegPublish(await media('long.flv'), server.url('cam1'), { input: ['-t', String(seconds)] });
  closing.push(() => encoder.stop('SIGKILL'));
  return { streamId: (await server.ready('cam1')).streamId, stop: () => encoder.stop('SIGINT') };
}

async function over(url: string): Promise<JobRow> {
  return waitFor(async () => (await bucketValues<JobRow>(url, 'SLUICE_JOBS')).find(({ state }) => state === 'done'), {
    timeoutMs: 30_000,
    everyMs: 100,
    what: 'the job to be over',
  });
}

describe('the example that leases jobs for Kubernetes', () => {
  it('creates a Job that records the stream, and tells that it has succeeded', async () => {
    const { url, server, cluster } = await start();
    const loop = cluster.loop('loop-a');
    const { streamId } = await publish(server, 6);
    const name = await cluster.created(loop, '-1');
    expect(name).toMatch(/^sluice-[0-9a-f]{16}-1$/);
    const { metadata, spec } = cluster.job(name);
    expect(await checkManifests(cluster.path(name))).toMatchObject({ code: 0 });
    expect(Object.values(metadata.annotations)).toEqual([`${streamId}/record`]);
    expect(spec.backoffLimit).toBe(0);
    // What KEDA scales by is told by the node.
    const figures = readFileSync(SCALED, 'utf8').match(/\bsluice_\w+/g);
    expect(figures).toEqual(['sluice_jobs_open', 'sluice_jobs_running']);
    for (const figure of figures ?? []) expect(await server.metric(figure)).toBeLessThanOrEqual(1);
    const out = tempDir('pod');
    const pod = new Child(spec.template.spec.containers[0].command.map((word) => word.replace('/out', out)));
    closing.push(() => pod.stop('SIGKILL'));
    expect(await pod.finish(30_000)).toMatchObject({ code: 0 });
    cluster.tell(name, { succeeded: 1 });
    expect(await over(url)).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    expect((await probeStreams(join(out, 'part.mp4'))).map(({ codec_name }) => codec_name).sort()).toEqual([
      'aac',
      'h264',
    ]);
    expect(cluster.names).toEqual([name]);
  });

  it('is replaced by another that creates the next attempt, and deletes what does not end with its stream', async () => {
    const { url, server, cluster } = await start();
    const first = cluster.loop('loop-a');
    const { stop } = await publish(server, 25);
    const lost = await cluster.created(first, '-1');
    await first.stop('SIGKILL');
    const second = cluster.loop('loop-b');
    const next = await cluster.created(second, '-2');
    expect(next.replace(/-2$/, '-1')).toBe(lost);
    await stop();
    await cluster.created(second, '-2.deleted');
    expect(await over(url)).toMatchObject({ outcome: 'stopped', attempt: 2 });
    expect(cluster.names.sort()).toEqual([lost, `${next}.deleted`]);
  });
});
