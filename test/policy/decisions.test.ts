import { describe, expect, it } from 'vitest';
import { files, read } from '../support/policy/sources.js';

const FOLDER = 'docs/decisions/';
/** Long enough for a reason, short enough to be read. */
const MOST_LINES = 25;
const PARTS = ['Context', 'Decision', 'Rejected', 'Consequence', 'Code'];

const paths = files()
  .filter((path) => path.startsWith(FOLDER) && path !== `${FOLDER}README.md`)
  .sort();

describe('decisions', () => {
  it('are named by their number, from 0001 on without gaps, and a title in kebab-case', () => {
    expect(paths.filter((path) => !/^docs\/decisions\/\d{4}(?:-[a-z0-9]+)+\.md$/.test(path))).toEqual([]);
    const numbers = paths.map((path) => Number(path.slice(FOLDER.length, FOLDER.length + 4)));
    expect(numbers).toEqual(paths.map((_, index) => index + 1));
  });

  it.each(paths)('have a title, a status and the same parts in the same order: %s', (path) => {
    const text = read(path);
    const number = path.slice(FOLDER.length, FOLDER.length + 4);
    const [title, , status] = text.split('\n');
    expect(title).toMatch(new RegExp(`^# ${number}\\. \\S.*[^.]$`));
    expect(status).toMatch(/^Status: (?:accepted, \d{4}-\d\d-\d\d|superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\))$/);
    expect([...text.matchAll(/^\*\*(\w+)\.\*\* \S/gm)].map((match) => match[1])).toEqual(PARTS);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });

  it('are all in the index, under the titles that they have', () => {
    const index = read(`${FOLDER}README.md`);
    const listed = [...index.matchAll(/^- \[(\d{4})\]\((\S+)\) (.*)$/gm)].map(([, number, file, title]) => ({
      file: `${FOLDER}${file}`,
      title: `# ${number}. ${title}`,
    }));
    const inFolder = paths.map((path) => ({ file: path, title: read(path).split('\n')[0] }));
    expect(listed.sort((a, b) => (a.file < b.file ? -1 : 1))).toEqual(inFolder);
  });
});
