import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/core/version.js';
import { files, read } from '../support/policy/sources.js';

interface Manifest {
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly overrides?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly resolved?: string;
        readonly integrity?: string;
        readonly dependencies?: Readonly<Record<string, string>>;
        readonly optionalDependencies?: Readonly<Record<string, string>>;
        readonly hasInstallScript?: boolean;
        readonly dev?: boolean;
        readonly engines?: { node?: string };
      }
    >
  >;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as Lock;
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  it('has the version that the program tells', () => {
    expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version);
  });

  it('packs what running needs and nothing of tests, benches or sources', () => {
    const allowed =
      /^(?:dist\/src\/\*\*\/\*\.(?:js|d\.ts)|dist\/assembly\/(?:constants\.(?:js|d\.ts)|sluice\.wasm)|dist\/(?:page|schemas)|CHANGELOG\.md|sluice\.example\.yaml)$/;
    expect(manifest.files.filter((pattern) => !allowed.test(pattern))).toEqual([]);
    expect(manifest.bin).toEqual({ sluice: 'dist/src/cli.js' });
    expect(Object.keys(manifest.exports)).toEqual(['.', './client', './sluice.wasm', './schemas/*', './package.json']);
  });

  it('runs nothing on a user’s machine at install time', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });

  it('has every script that the documents and CI rely on', () => {
    for (const name of [
      'start',
      'build',
      'test',
      'test:unit',
      'test:integration',
      'test:faults',
      'test:interop',
      'lint',
      'typecheck',
      'format',
      'docs',
      'bench',
    ]) {
      expect(manifest.scripts).toHaveProperty([name]);
    }
  });
});

describe('package-lock.json', () => {
  it('names no registry host', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
    expect(read('package-lock.json')).not.toContain('registry');
  });

  it('holds a checksum for every package', () => {
    expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
  });

  it('is complete for every platform: each dependency of each package has an entry', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter(
          (name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages),
        )
        .map((name) => `${path} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('holds nothing that the oldest supported Node refuses', () => {
    const tooNew = packages.filter(([, { engines }]) => /^>=\s*(?:2[1-9]|[3-9]\d)/.test(engines?.node ?? ''));
    expect(tooNew.map(([path]) => path)).toEqual([]);
  });

  it('needs no native build at run time', () => {
    const scripted = packages.filter(([, entry]) => entry.hasInstallScript === true && entry.dev !== true);
    expect(scripted.map(([path]) => path)).toEqual([]);
  });
});

describe('helper scripts', () => {
  it('need nothing installed: they import only node: modules and each other', () => {
    const scripts = files().filter((path) => /^scripts\/.*\.mjs$/.test(path));
    expect(scripts.length).toBeGreaterThan(3);
    for (const path of scripts) {
      const targets = [...read(path).matchAll(/from '([^']+)'/g)].map((match) => match[1]!);
      expect([path, targets.filter((target) => !/^node:|^\.\.?\/(?:[a-z-]+\/)?[a-z-]+\.mjs$/.test(target))]).toEqual([
        path,
        [],
      ]);
    }
  });

  it('carry the rules of CI: minimal permissions in every workflow, and more only for a release', () => {
    const workflows = files().filter((path) => /^\.github\/workflows\/.*\.yml$/.test(path));
    expect(workflows.length).toBeGreaterThan(0);
    const written = workflows.flatMap((path) => {
      expect(read(path)).toMatch(/^permissions:\n {2}contents: read$/m);
      expect(read(path)).not.toContain('pull_request_target');
      return [...read(path).matchAll(/^( *)([\w-]+):\s*write\b/gm)].map(([, indent, what]) => ({ path, indent, what }));
    });
    const ofTheRelease = ['contents', 'id-token', 'attestations'];
    const path = '.github/workflows/release.yml';
    expect(written).toEqual(ofTheRelease.map((what) => ({ path, indent: ' '.repeat(6), what })));
    expect(read(path)).toMatch(/^on:\n {2}push:\n {4}tags: \['v\*'\]\n\n/m);
  });

  it('name every action of a workflow by its commit: a tag can be moved to other code', () => {
    const uses = files()
      .filter((path) => /^\.github\/workflows\/.*\.yml$/.test(path))
      .flatMap((path) => [...read(path).matchAll(/uses:\s*(.*)$/gm)].map((match) => match[1]!));
    expect(uses.length).toBeGreaterThan(0);
    // Those that begin with ./ are of this very commit.
    expect(uses.filter((action) => !/^\.\/|^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual(
      [],
    );
  });

  it('define every step that .ci/run takes, and count the suites that it ran', () => {
    const script = read('.ci/run');
    const steps = new Set([...script.matchAll(/^ *(check|suite|[a-z_]+) '/gm)].map((match) => match[1]!));
    for (const builtin of ['printf', 'trap']) steps.delete(builtin);
    expect([...steps].sort()).toEqual(['beside', 'check', 'suite']);
    for (const step of steps) expect(script).toMatch(new RegExp(`^${step}\\(\\) \\{$`, 'm'));
    expect(script).toContain('[ "$suites" -ge 6 ]');
  });

  it('run CI on every supported major version of Node', () => {
    expect(read('.github/workflows/ci.yml')).toContain('node: [20, 22, 24]');
  });
});
