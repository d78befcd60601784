import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from '../support/child.js';
import { media } from '../support/media.js';
import { installPacked, type Packed, pack } from '../support/packed.js';
import { repository } from '../support/repository.js';
import { removeTempDir, tempDir } from '../support/temp.js';

interface Nodes {
  readonly MAJORS: readonly string[];
  nodeBinary(major: string): Promise<string>;
}

const { stage } = (await import(pathToFileURL(join(repository(), 'scripts/tarball.mjs')).href)) as {
  stage(folder: string, packed: string): Promise<void>;
};
const { MAJORS, nodeBinary } = (await import(pathToFileURL(join(repository(), 'scripts/nodes.mjs')).href)) as Nodes;

let folder = '';
let project = '';
let packed: Packed;

/** A program, in the folder that the package was installed in. */
function installed(command: readonly string[], env: Record<string, string> = {}, cwd = project): Child {
  return new Child(command, { cwd, env });
}

beforeAll(async () => {
  folder = tempDir('package');
  project = join(folder, 'project');
  packed = await pack(folder);
  await installPacked(join(folder, packed.filename), project);
}, 180_000);

afterAll(() => removeTempDir(folder));

describe('the package', () => {
  it('holds what running needs and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    const expected =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|sluice\.example\.yaml|dist\/src\/.*\.(?:js|d\.ts)|dist\/assembly\/(?:constants\.(?:js|d\.ts)|sluice\.wasm)|dist\/schemas\/.*\.json|dist\/page\/(?:(?:[\w-]+-\w{8}|index)\.(?:js|css|svg|html)(?:\.br|\.gz)?|LICENSES\.txt))$/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    for (const needed of [
      'dist/src/cli.js',
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/src/client/index.js',
      'dist/assembly/sluice.wasm',
      'dist/page/index.html',
      'dist/page/LICENSES.txt',
    ]) {
      expect(paths).toContain(needed);
    }
    expect(paths.some((path) => path.startsWith('dist/schemas/'))).toBe(true);
    expect(packed.files.find(({ path }) => path === 'dist/src/cli.js')!.mode & 0o111).toBe(0o111);
    expect(packed.unpackedSize).toBeLessThan(6_500_000);
  });

  it('has no output of a source file that is gone', () => {
    const orphans = packed.files
      .map(({ path }) => path)
      .filter((path) => /^dist\/src\/.*\.js$/.test(path))
      .filter(
        (path) =>
          statSync(join(repository(), path.replace(/^dist\//, '').replace(/\.js$/, '.ts')), {
            throwIfNoEntry: false,
          }) === undefined,
      );
    expect(orphans).toEqual([]);
  });

  it('brings no package that only development needs', () => {
    const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>;
    };
    const names = Object.keys(packages);
    for (const name of ['typescript', 'vitest', 'assemblyscript', '@biomejs/biome'])
      expect(names).not.toContain(`node_modules/${name}`);
  });

  it('gives a working npx sluice: help, then a server that takes a stream and shows it', async () => {
    const help = installed(['npx', '--no-install', 'sluice', '--help']);
    expect((await help.finish(20_000)).code).toBe(0);
    expect(help.stdout).toContain('Usage: sluice');
    const server = installed([
      process.execPath,
      'node_modules/.bin/sluice',
      '--rtmp',
      '127.0.0.1:0',
      '--http',
      '127.0.0.1:0',
    ]);
    try {
      const [, rtmp, http] = await server.waitForOutput(/listening on (rtmp:\/\/\S+) and (http:\/\/\S+)/, 15_000);
      const file = await media('h264-aac.flv');
      const publish = installed([
        process.execPath,
        'node_modules/.bin/sluice',
        'publish',
        '--fast',
        file,
        `${rtmp}/live/cam1`,
      ]);
      expect((await publish.finish(20_000)).code).toBe(0);
      const events = installed([
        process.execPath,
        'node_modules/.bin/sluice',
        'events',
        '--json',
        '--since',
        'all',
        '--http',
        http!,
      ]);
      await events.waitForOutput(/stream\.ended/, 10_000);
      expect((await events.stop('SIGINT')).code).toBe(0);
      const metrics = await (await fetch(`${http}/metrics`)).text();
      expect(metrics).toMatch(/^sluice_publishes_total 1$/m);
    } finally {
      expect((await server.stop('SIGTERM', 6000)).code).toBe(0);
    }
  });

  it('is a library: createServer, the client and the schemas can be imported', async () => {
    writeFileSync(
      join(project, 'use.js'),
      `import { createServer } from 'sluice';
       import { parseRtmpUrl } from 'sluice/client';
       import { createRequire } from 'node:module';
       const server = await createServer({ rtmp: { listen: '127.0.0.1:0' }, http: { listen: 'off' }, log: { level: 'silent' } });
       const { $schema } = createRequire(import.meta.url)('sluice/schemas/io.sluice.stream.started.json');
       console.log(JSON.stringify({ port: server.rtmpAddress.port, app: parseRtmpUrl('rtmp://h/live/a').app, $schema }));
       await server.close();`,
    );
    const use = await run([process.execPath, join(project, 'use.js')]);
    expect(JSON.parse(use.stdout)).toMatchObject({
      port: expect.any(Number),
      app: 'live',
      $schema: expect.stringContaining('json-schema'),
    });
  });
});

describe('the tarball', () => {
  it('runs from the folder that it is unpacked in, with Node alone, and shows the page', async () => {
    const unpacked = join(folder, 'unpacked');
    await stage(unpacked, join(folder, packed.filename));
    const link = join(folder, 'sluice');
    symlinkSync(join(unpacked, 'bin/sluice'), link);
    // Nothing but what every system has is on the path, and no folder of packages above.
    const env = { PATH: '/usr/bin:/bin', NODE: process.execPath };
    const server = new Child([link, '--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0'], { cwd: folder, env });
    try {
      const [, http] = await server.waitForOutput(/listening on rtmp:\S+ and (http:\/\/\S+)/, 15_000);
      const answer = await fetch(http!, { headers: { accept: 'text/html' } });
      expect(answer.headers.get('content-type')).toContain('text/html');
      const [, script] = /src="([^"]+\.js)"/.exec(await answer.text())!;
      expect((await fetch(new URL(script!, http))).status).toBe(200);
    } finally {
      expect((await server.stop('SIGTERM', 6000)).code).toBe(0);
    }
    const lost = await run(['env', 'NODE=nowhere', link]).catch((error: Error) => ({ stdout: error.message }));
    expect(lost.stdout).toContain('Node 20 or later was expected');
  });
});

describe.each(MAJORS)('the package on Node %s', (major) => {
  it('installs under --engine-strict without a lock file, and takes a stream', async () => {
    const node = await nodeBinary(major);
    const into = join(folder, `node-${major}`);
    const env = { PATH: `${dirname(node)}:${process.env['PATH']}` };
    await installPacked(join(folder, packed.filename), into, env);
    expect((await installed(['node', '--version'], env, into).waitForOutput(/^v(\d+)/))[1]).toBe(major);
    const server = installed(
      ['node', 'node_modules/.bin/sluice', '--rtmp', '127.0.0.1:0', '--http', '127.0.0.1:0'],
      env,
      into,
    );
    try {
      const [, rtmp] = await server.waitForOutput(/listening on (rtmp:\/\/\S+) and/, 15_000);
      const file = await media('h264-aac.flv');
      const publish = installed(
        ['node', 'node_modules/.bin/sluice', 'publish', '--fast', file, `${rtmp}/live/cam1`],
        env,
        into,
      );
      expect((await publish.finish(20_000)).code).toBe(0);
      await server.waitForOutput(/stream ended/, 10_000);
    } finally {
      expect((await server.stop('SIGTERM', 6000)).code).toBe(0);
    }
  }, 240_000);
});
