// npm run docs: writes config.md, errors.md, limits.md, metrics.md and cli.md of docs/, sluice.example.yaml and the
// floors of ARCHITECTURE.md from the tables in the code, and the examples into the documents that show them. A policy
// test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderCommands } from './commands.mjs';
import { renderFloors, renderFolders } from './house.mjs';
import { filesUnder, root } from './lib.mjs';
import { renderExample, withLimits } from './settings-pages.mjs';
import { renderWhere } from './where.mjs';

/** docs/config.md, from the rows of src/config/table.ts. */
export function renderConfig(rows) {
  const lines = [
    '# Settings',
    '',
    '<!-- Made by `npm run docs` from src/config/table.ts; a test compares. -->',
    '',
    'Later sources win: defaults, the YAML file (`--config FILE` or `SLUICE_CONFIG`), the environment, flags. `sluice config` prints the',
    'effective values and where each comes from. Any setting but a secret can be given as `--set key=value`. An unknown key is an error.',
    'A secret can also be in a file that the environment names with `_FILE` behind the variable: `SLUICE_HTTP_TOKEN_FILE=/run/secrets/token`.',
    'Sizes take units (`64KiB`, `8MiB`, `1GiB`), times too (`500ms`, `10s`, `2m`, `1h`).',
    '',
    '*Reload* says what a change does while the server runs, see [changing settings](control.md#changing-settings-while-it-runs): `live` holds at',
    'once, `new` for connections, streams and players that come, `restart` at the next start.',
    '',
    '<!-- from examples/settings.yaml -->',
    '```yaml',
    '```',
  ];
  let group;
  for (const { key, env, setting } of rows) {
    const [head] = key.split('.');
    if (head !== group) {
      group = head;
      lines.push('', `## ${head}`, '', '| key | default | reload | accepts | meaning |', '|---|---|---|---|---|');
    }
    const outside = [`\`${env}\``];
    if (setting.flag !== undefined) outside.push(`\`${setting.flag}\``);
    if (setting.secret === true) outside.push('secret');
    lines.push(
      `| \`${key}\`<br>${outside.join('<br>')} | ${shown(setting.default)} | ${setting.reload ?? 'restart'} | ${cell(brief(setting.expects))} | ${cell(setting.doc)} |`,
    );
  }
  return withExamples(`${lines.join('\n')}\n`);
}

/** docs/errors.md, from the registry in src/core/errors.ts. */
export function renderErrors(errors) {
  const lines = [
    '# Error codes',
    '',
    '<!-- Made by `npm run docs` from src/core/errors.ts; a test compares. -->',
    '',
    'Every error that Sluice reports has one of these codes, in logs, over HTTP, on the command line and as `error.code` in the library.',
    'Codes are stable: match on them, not on the words. *Whose*: the peer sent or did it, the operator set it, or it is a defect of Sluice.',
    '',
    '| code | whose | what happened, what was expected | what to do |',
    '|---|---|---|---|',
  ];
  for (const [code, { blame, says, hint }] of Object.entries(errors).sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`| \`${code}\` | ${blame} | ${cell(says)} | ${cell(hint)} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** docs/metrics.md: what stands before its first table stays, the tables are made of src/model/metrics.ts. */
export function renderMetrics(document, groups) {
  const [head] = document.split('<!-- tables -->');
  const lines = [`${head}<!-- tables -->`, ''];
  for (const [title, rows] of groups) {
    lines.push(`## ${title}`, '');
    for (const [name, row] of Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1)))
      lines.push(...metricLines(name, row));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function metricLines(name, { type, unit, labels = {}, bounds, help, todo, only }) {
  const facts = [`${type}, ${unit}${only === undefined ? '' : `, ${only}`}`];
  for (const [label, values] of Object.entries(labels))
    facts.push(
      `\`${label}\`: ${typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ')}`,
    );
  if (bounds !== undefined) facts.push(`bounds ${bounds.join(', ')}`);
  const lines = [`### ${name}`, '', `${help[0].toUpperCase()}${help.slice(1)}. *${facts.join('; ')}.*`, ''];
  return todo === undefined ? lines : [...lines, todo, ''];
}

/** A place for an example: the line that names its file, and the block of code after it. */
const PLACE = /^(<!-- from (examples\/[\w./-]+) -->\n```\w+\n)[\s\S]*?^```$/gm;

/** A document with the text of each example that it shows. */
export function withExamples(document) {
  return document.replace(PLACE, (_, head, path) => `${head}${readFileSync(join(root, path), 'utf8')}\`\`\``);
}

/** Where ARCHITECTURE.md shows the floors of src/. */
const FLOORS_PLACE = /(<!-- floors: [^\n]* -->\n)[\s\S]*?(<!-- end of floors -->)/;

/** ARCHITECTURE.md with the picture and the table of the folders, from scripts/house.mjs. */
export function withFloors(document) {
  const picture = ['```text', ...renderFloors(), '```', '', ...renderFolders()].join('\n');
  return document.replace(FLOORS_PLACE, (_, head, tail) => `${head}${picture}\n${tail}`);
}

/** What every size and every time accepts is said once, at the top. */
function brief(expects) {
  return expects
    .replace(/,? ?a whole number from (\d+) to (\d+)/, ' $1 to $2')
    .replace(/, or with a unit such as .*$/, '')
    .trim();
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}

function shown(value) {
  const text = typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : String(value);
  return text === '' || text === '{}' ? 'empty' : `\`${cell(text)}\``;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { build } = await import('./build.mjs');
  await build();
  const load = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
  const { ROWS } = await load('config/table.js');
  writeFileSync(join(root, 'docs/config.md'), renderConfig(ROWS));
  writeFileSync(join(root, 'sluice.example.yaml'), renderExample(ROWS));
  const limits = join(root, 'docs/limits.md');
  writeFileSync(limits, withLimits(readFileSync(limits, 'utf8'), ROWS));
  writeFileSync(join(root, 'docs/errors.md'), renderErrors((await load('core/errors.js')).ERRORS));
  writeFileSync(join(root, 'docs/cli.md'), renderCommands((await load('cli/main.js')).buildProgram({}, () => {})));
  const { METRIC_GROUPS } = await load('model/metrics.js');
  const metrics = join(root, 'docs/metrics.md');
  writeFileSync(metrics, renderMetrics(readFileSync(metrics, 'utf8'), METRIC_GROUPS));
  writeFileSync(join(root, 'docs/internals/where-is-what.md'), renderWhere());
  writeFileSync(join(root, 'ARCHITECTURE.md'), withFloors(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')));
  for (const path of [
    'README.md',
    ...filesUnder('docs', (path) => path === 'docs/site').filter((file) => file.endsWith('.md')),
  ]) {
    const text = readFileSync(join(root, path), 'utf8');
    writeFileSync(join(root, path), withExamples(text));
  }
}
