// The parts of a release (SBOM, CycloneDX): of what `npm sbom` lists, the packages that run, and those whose code was
// bundled into the page, which are development dependencies to npm.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, fail, root } from './lib.mjs';
import { pagePackages } from './page.mjs';

/**
 * The part of a list of all dependencies that goes to users.
 *
 * @param all what `npm sbom` printed, as an object
 * @param lock package-lock.json. `npm sbom --omit dev` leaves out whatever a development dependency needs as well (npm
 *   10 and 11), so what runs is taken from here
 * @param bundled names of packages that are in the page
 */
export function partsOf(all, lock, bundled) {
  const { name, version } = lock.packages[''];
  const product = all.metadata.component['bom-ref'];
  const packages = Object.entries(lock.packages).map(([path, entry]) => {
    return { ...entry, name: path.split('node_modules/').at(-1) };
  });
  const shipped = packages.filter((each) => each.name !== '' && (each.dev !== true || bundled.includes(each.name)));
  const refs = new Set(shipped.map((each) => `${each.name}@${each.version}`));
  const components = all.components.filter((component) => refs.has(component['bom-ref']));
  const found = new Set(components.map((component) => component['bom-ref']));
  const lost = [...refs].filter((ref) => !found.has(ref));
  if (lost.length > 0) throw new Error(`npm sbom does not list ${lost.join(', ')}`);
  const dependencies = all.dependencies
    .filter(({ ref }) => ref === product || refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  // npm calls the product by the name of the folder that it lies in.
  const component = { ...all.metadata.component, name, version };
  return { ...all, metadata: { ...all.metadata, component }, components, dependencies };
}

/** The SBOM of this checkout, whose packages must be installed. */
export async function sbom() {
  const { code, text } = await capture('npm', ['sbom', '--sbom-format', 'cyclonedx']);
  if (code !== 0) fail(`npm sbom failed:\n${text}`);
  return partsOf(JSON.parse(text), JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')), pagePackages());
}
