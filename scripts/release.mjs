// npm run release: everything that a release consists of, into dist/release: the package, an archive with everything
// that it needs but Node, the list of its parts (SBOM), the notes, and checksums. With a tag such as v0.2.0 the version
// must be that of the tag.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { changeFiles } from './changelog.mjs';
import { fail, remove, root, run, say } from './lib.mjs';
import { sbom } from './sbom.mjs';
import { tarball } from './tarball.mjs';

const FOLDER = 'dist/release';

/**
 * Why a version cannot be released, in sentences; none: it can.
 *
 * @param told version of package.json, text of the changelog, changes that are not in it, whether there are notes, tag
 */
export function objections({ version, changelog, changes, hasNotes, tag }) {
  const heading = new RegExp(`^## ${version.replaceAll('.', '\\.')} - \\d{4}-\\d{2}-\\d{2}$`, 'm');
  return [
    tag !== undefined &&
      tag !== `v${version}` &&
      `The tag is ${tag}, the version of package.json ${version}: v${version} was expected.`,
    !heading.test(changelog) && `CHANGELOG.md has no section of ${version}: npm run changelog -- ${version}`,
    changes.length > 0 && `Changes are not in CHANGELOG.md: ${changes.join(', ')}: npm run changelog -- ${version}`,
    !hasNotes && `docs/releases/${version}.md is not there: write what the release means to users.`,
  ].filter((objection) => objection !== false);
}

async function release(tag) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const notes = `docs/releases/${version}.md`;
  const objected = objections({
    version,
    changelog: readFileSync(join(root, 'CHANGELOG.md'), 'utf8'),
    changes: changeFiles(),
    hasNotes: existsSync(join(root, notes)),
    tag,
  });
  if (objected.length > 0) fail(objected.join('\n'));
  await build();
  remove(FOLDER);
  mkdirSync(join(root, FOLDER), { recursive: true });
  if ((await run('npm', ['pack', '--silent', '--pack-destination', FOLDER])) !== 0) fail('npm pack failed.');
  await tarball(join(root, FOLDER));
  writeFileSync(join(root, FOLDER, `sluice-${version}.cdx.json`), `${JSON.stringify(await sbom(), undefined, 2)}\n`);
  const sums = readdirSync(join(root, FOLDER))
    .filter((name) => !name.endsWith('.sha256'))
    .sort()
    .map(sum);
  writeFileSync(join(root, FOLDER, 'SHA256SUMS'), `${sums.join('\n')}\n`);
  writeFileSync(join(root, FOLDER, 'notes.md'), readFileSync(join(root, notes)));
  say(`${FOLDER} holds ${readdirSync(join(root, FOLDER)).sort().join(', ')}.`);
}

/** A line that `sha256sum --check` reads. */
function sum(name) {
  const bytes = readFileSync(join(root, FOLDER, name));
  return `${createHash('sha256').update(bytes).digest('hex')}  ${name}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await release(process.argv[2]);
}
