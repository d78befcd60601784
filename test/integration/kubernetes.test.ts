import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { checkTemplates } from '../../src/jobs/template/parse.js';
import { checkManifests } from '../support/kubernetes.js';
import { repository } from '../support/repository.js';
import { tempDir } from '../support/temp.js';
import { sluice } from '../support/tools.js';

const FOLDER = join(repository(), 'examples', 'kubernetes');
const SCALED = 'scaled-object.yaml';
const manifests = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== SCALED);

interface Manifest {
  readonly kind: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly template?: {
      readonly spec: {
        readonly terminationGracePeriodSeconds?: number;
        readonly containers: readonly { readonly args?: readonly string[] }[];
      };
    };
  };
}

function read(name: string): Manifest[] {
  return parseAllDocuments(readFileSync(join(FOLDER, name), 'utf8')).map((each) => each.toJS() as Manifest);
}

describe('the manifests for Kubernetes', () => {
  it.each(manifests)('fit the schemas of Kubernetes: %s', async (name) => {
    const { code, output } = await checkManifests(join(FOLDER, name));
    expect([code, output]).toEqual([0, expect.not.stringContaining('ERROR')]);
    expect(output.match(/passed for resource/g)).toHaveLength(read(name).length);
  });

  it('are refused by those schemas when a key is wrong', async () => {
    const path = join(tempDir('manifest'), 'wrong.yaml');
    writeFileSync(path, readFileSync(join(FOLDER, 'runners.yaml'), 'utf8').replace('replicas:', 'replicaz:'));
    expect(await checkManifests(path)).toMatchObject({ code: 1, output: expect.stringContaining('replicaz') });
  });

  it('hold templates that are accepted', () => {
    const files = read('runners.yaml').flatMap(({ data = {} }) => Object.entries(data));
    const templates = files.map(([name, text]) => ({ name, text }));
    expect(checkTemplates(templates)).toMatchObject({ problems: [], templates: [{ name: 'record' }] });
  });

  it('start the runner with flags that it has', async () => {
    const { spec } = read('runners.yaml').find(({ kind }) => kind === 'Deployment')!;
    const flags = (spec!.template!.spec.containers[0]?.args ?? []).filter((word) => word.startsWith('-'));
    expect(flags).toContain('--metrics');
    const help = sluice('jobs', 'run', '--help');
    await help.finish(20_000);
    for (const flag of flags) expect(help.output).toContain(flag);
  });

  it('give the runner more time than its drain takes', () => {
    const { spec } = read('runners.yaml').find(({ kind }) => kind === 'Deployment')!;
    const { terminationGracePeriodSeconds, containers } = spec!.template!.spec;
    const args = containers[0]?.args ?? [];
    const drain = Number.parseInt(args[args.indexOf('--drain-deadline') + 1] ?? '', 10);
    // A few seconds are left for what comes after the drain.
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drain + 15);
  });
});

describe('the manifest for KEDA', () => {
  const scaled = parse(readFileSync(join(FOLDER, SCALED), 'utf8')) as NonNullable<
    ConstructorParameters<typeof ScaledObject>[0]
  >;

  it('fits the schema of a ScaledObject', () => {
    expect(() => new ScaledObject(scaled).validate()).not.toThrow();
    const wrong = { ...scaled, spec: { ...scaled.spec, minReplicaCount: 'one' } };
    expect(() => new ScaledObject(wrong as unknown as typeof scaled).validate()).toThrow('minReplicaCount');
  });

  it('scales what the other manifest deploys', () => {
    const deployed = read('runners.yaml').filter(({ kind }) => kind === 'Deployment');
    expect(deployed.map(({ metadata }) => metadata.name)).toEqual([scaled.spec.scaleTargetRef.name]);
  });
});
