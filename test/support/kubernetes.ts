import { Child } from './child.js';

/** What the schemas of Kubernetes say of a file, YAML or JSON. `npm test` installs what checks it. */
export async function checkManifests(path: string): Promise<{ code: number | null; output: string }> {
  const child = new Child(['kubernetes-validate', '--strict', '-k', '1.33', path]);
  const { code } = await child.finish(60_000);
  return { code, output: child.output };
}
