// npm run changelog: gathers the files of changes/. Without an argument it prints them as the changelog will show them.
// With a version it puts them into CHANGELOG.md, together with what stands there as unreleased, under that version and
// today's date, and removes them.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, filesUnder, root } from './lib.mjs';

/** Kinds of changes, in the order of a changelog. */
export const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];

/** A file of changes/: a kind, a colon and one paragraph. */
const FRAGMENT = new RegExp(`^(${KINDS.join('|')}): (\\S[\\s\\S]*)$`);
const UNRELEASED = /^## Unreleased\n([\s\S]*?)(?=^## |$(?![\s\S]))/m;
const LINE_LENGTH = 120;

/** The files with changes: all of changes/ but its README. */
export function changeFiles() {
  return filesUnder('changes').filter((path) => path.endsWith('.md') && path !== 'changes/README.md');
}

/**
 * A change from the text of its file.
 *
 * @returns the kind and the sentence, without line ends, or undefined when the text has another form
 */
export function readChange(text) {
  const [, kind, sentence] = FRAGMENT.exec(text.trim()) ?? [];
  return kind === undefined || /\n\s*\n/.test(sentence) ? undefined : { kind, sentence: sentence.replace(/\s+/g, ' ') };
}

/** Changes as sections of a changelog. @param before text of sections that are there already; theirs come first */
export function renderChanges(changes, before = '') {
  const sections = new Map(KINDS.map((kind) => [kind, []]));
  let kind;
  for (const line of before.split('\n')) {
    const heading = /^### (.+)$/.exec(line)?.[1];
    if (heading !== undefined) kind = heading;
    else if (kind !== undefined && line !== '') sections.get(kind).push(line);
  }
  for (const change of changes) sections.get(change.kind).push(...wrapped(`- ${change.sentence}`));
  return [...sections]
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) => `### ${heading}\n\n${lines.join('\n')}\n`)
    .join('\n');
}

/**
 * The changelog after a release: what was unreleased, and `changes`, stand under the version.
 *
 * @param date day of the release, such as 2026-01-31
 */
export function released(changelog, changes, version, date) {
  return changelog.replace(UNRELEASED, (_, before) => {
    const sections = renderChanges(changes, before);
    return `## Unreleased\n\nWhat has changed since the last release is in the files of \`changes/\`.\n\n## ${version} - ${date}\n\n${sections}\n`;
  });
}

function wrapped(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== '' && last.length + 1 + word.length > LINE_LENGTH) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const version = process.argv[2];
  if (version !== undefined && !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version)) {
    fail(`${version} is no version; one such as 0.2.0 was expected: npm run changelog -- 0.2.0`);
  }
  const paths = changeFiles();
  const changes = paths.map((path) => {
    const change = readChange(readFileSync(join(root, path), 'utf8'));
    return change ?? fail(`${path} does not begin with one of ${KINDS.join(', ')} and a colon, or has two paragraphs`);
  });
  if (version === undefined) {
    process.stdout.write(renderChanges(changes));
  } else {
    const path = join(root, 'CHANGELOG.md');
    writeFileSync(path, released(readFileSync(path, 'utf8'), changes, version, new Date().toISOString().slice(0, 10)));
    for (const each of paths) rmSync(join(root, each));
  }
}
