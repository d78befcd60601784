import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../repository.js';

/**
 * The server versions the suite runs on: what Debian 12 ships, the first that is safe with replicas, and that of the
 * tests of clusters.
 */
export type NatsVersion = '2.9.10' | '2.10.27' | '2.15.2';

const found = new Map<NatsVersion, string>();

/**
 * Path of a nats-server of a version. 2.9.10 is the one that is installed; 2.10.27 is Debian trixie's package, taken
 * once from the mirror that this machine already uses and unpacked into the dependency cache, never installed; 2.15.2
 * is built by the script that runs the tests.
 */
export function natsBinary(version: NatsVersion): string {
  const known = found.get(version);
  if (known !== undefined) return known;
  const path = { '2.9.10': installed, '2.10.27': unpacked, '2.15.2': built }[version]();
  const says = execFileSync(path, ['--version'], { encoding: 'utf8' });
  if (!says.includes(`v${version}`)) throw new Error(`${path} is ${says.trim()}, wanted v${version}`);
  found.set(version, path);
  return path;
}

/** The first that is of this version: somebody may have installed a newer one, too. */
function installed(): string {
  const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/bin'].filter((dir) => dir !== '');
  const found = places.map((dir) => join(dir, 'nats-server')).filter((path) => existsSync(path));
  if (found.length === 0) throw new Error('nats-server is not installed: apt-get install nats-server');
  return found.find((path) => execFileSync(path, ['--version'], { encoding: 'utf8' }).includes('v2.9.10')) ?? found[0];
}

function built(): string {
  const path = join(repository(), '.cache/nats-server-2.15.2/nats-server');
  if (!existsSync(path)) throw new Error(`${path} is missing: "npm run test:faults" builds it`);
  return path;
}

function unpacked(): string {
  const dir = join(repository(), 'node_modules/.cache/sluice/nats-2.10.27');
  const root = join(dir, 'root');
  const binary = (): string | undefined =>
    ['usr/sbin/nats-server', 'usr/bin/nats-server'].map((path) => join(root, path)).find((path) => existsSync(path));
  const there = binary();
  if (there !== undefined) return there;
  mkdirSync(join(dir, 'lists/partial'), { recursive: true });
  mkdirSync(join(dir, 'archives/partial'), { recursive: true });
  const sources = join(dir, 'sources.list');
  writeFileSync(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror()} trixie main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(dir, 'lists')}`,
    `Dir::Cache=${dir}`,
  ].flatMap((option) => ['-o', option]);
  execFileSync('apt-get', [...options, 'update'], { stdio: 'pipe', timeout: 120_000 });
  execFileSync('apt-get', [...options, 'download', 'nats-server'], { cwd: dir, stdio: 'pipe', timeout: 120_000 });
  const deb = readdirSync(dir).find((name) => /^nats-server_2\.10\.27.*\.deb$/.test(name));
  if (deb === undefined) throw new Error('trixie no longer has nats-server 2.10.27');
  execFileSync('dpkg-deb', ['-x', join(dir, deb), root], { stdio: 'pipe' });
  const path = binary();
  if (path === undefined) throw new Error(`${deb} holds no nats-server`);
  return path;
}

/** The Debian mirror in this machine's own source lists. */
function mirror(): string {
  const files = ['/etc/apt/sources.list'];
  const parts = '/etc/apt/sources.list.d';
  if (existsSync(parts)) files.push(...readdirSync(parts).map((name) => join(parts, name)));
  for (const file of files) {
    if (!existsSync(file)) continue;
    const uri = /(?:^URIs:\s*|^deb\s+(?:\[[^\]]*\]\s+)?)(\S+\/debian)\/?\s/m.exec(readFileSync(file, 'utf8'))?.[1];
    if (uri !== undefined) return uri;
  }
  throw new Error('no Debian mirror in the source lists of this machine');
}
