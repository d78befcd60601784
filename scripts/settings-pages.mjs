// What is made of the table of settings besides docs/config.md: sluice.example.yaml and docs/limits.md.

/** Longest line of prose in sluice.example.yaml, in characters. */
const WIDEST = 110;

/**
 * sluice.example.yaml: every setting, commented out, with its default. Prose has two `#`, so that taking away each `# `
 * leaves a file in which every setting is set.
 *
 * @param rows the rows of src/config/table.ts
 */
export function renderExample(rows) {
  const lines = [
    '## Every setting of Sluice with its default. Made by `npm run docs` from src/config/table.ts; a test compares.',
    '##',
    '## Copy this file, take the `# ` away from what you want to change, and start `sluice --config FILE`. What stays',
    '## commented out keeps its default. `sluice config --config FILE` checks the file and shows what holds.',
    '## docs/config.md is the same as a table, with the bounds of each value. Secrets may stand in the environment instead.',
  ];
  let groups = [];
  for (const { key, env, setting } of rows) {
    const parts = key.split('.');
    const parents = parts.slice(0, -1);
    parents.forEach((name, depth) => {
      if (groups[depth] === name) return;
      if (depth === 0) lines.push('');
      lines.push(`${'  '.repeat(depth)}${name}:`);
      groups = parents.slice(0, depth + 1);
    });
    if (parents.length === 0) lines.push('');
    groups = parents;
    const indent = '  '.repeat(parents.length);
    lines.push(...wrapped(sentencesOf(setting, env), WIDEST - indent.length).map((line) => `${indent}## ${line}`));
    const unit = withUnit(key, setting.default);
    const behind = unit === undefined || unit.startsWith(`${setting.default} `) ? '' : ` # ${unit}`;
    lines.push(`${indent}# ${parts.at(-1)}: ${JSON.stringify(setting.default)}${behind}`);
  }
  return `${lines.join('\n')}\n`;
}

function sentencesOf(setting, env) {
  const names = [env, setting.flag].filter((name) => name !== undefined);
  return `${setting.doc} (${names.join(', ')}${setting.secret === true ? '; a secret' : ''})`;
}

function wrapped(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Names of settings that bound what somebody else can make the server hold, do or wait for. */
const LIMIT =
  /(?:^limits\.|\.max[A-Z]|gopMax|Timeout|PerSecond|PerMinute|inboundBytes|quota|minFree|deadline|idleMs|stallMs|budgetMs)/;
/** They have such names and bound nothing of others. */
const NO_LIMIT = ['limits.limitLoopback', 'fanout.maxDelayMs', 'cluster.maxDelayMs'];

const LIMITS_OF = [
  [/^limits\.|^publish\.|^rtmp\./, 'Connections and publishers'],
  [/^rtmpt\./, 'RTMPT'],
  [/^play\.|^httpFlv\./, 'Players'],
  [/^hub\./, 'What is kept for late players'],
  [/^names\./, 'Names'],
  [/^http\./, 'HTTP and the page'],
  [/^auth\./, 'Admission'],
  [/^events\.|^log\./, 'Events and logs'],
  [/^recording\.|^vod\.|^capture\./, 'Files'],
  [/^relay\.|^cluster\./, 'Relays and clusters'],
  [/^rpc\.|^sharedObjects\./, 'Calls and shared objects'],
  [/^jobs\./, 'Jobs'],
  [/^shutdown\./, 'Shutdown'],
];

/**
 * docs/limits.md, between its two marks: a table for each part of the server.
 *
 * @param document what is there now
 * @param rows the rows of src/config/table.ts
 */
export function withLimits(document, rows) {
  const limits = rows.filter(
    ({ key, setting }) => typeof setting.default === 'number' && LIMIT.test(key) && !NO_LIMIT.includes(key),
  );
  const lines = LIMITS_OF.flatMap(([pattern, title]) => {
    const own = limits.filter(({ key }) => pattern.test(key));
    if (own.length === 0) return [];
    return [
      `## ${title}`,
      '',
      '| limit | default | bounds | what it bounds, and what happens at it |',
      '|---|---|---|---|',
      ...own.map(rowOf),
      '',
    ];
  });
  const left = limits.filter(({ key }) => !LIMITS_OF.some(([pattern]) => pattern.test(key)));
  if (left.length > 0) throw new Error(`docs/limits.md has no part for ${left.map(({ key }) => key).join(', ')}`);
  return document.replace(
    /(<!-- limits: [^\n]* -->\n)[\s\S]*?(<!-- end of limits -->)/,
    (_, head, tail) => `${head}\n${lines.join('\n')}\n${tail}`,
  );
}

function rowOf({ key, setting }) {
  const [, least, most] = /(\d+) to (\d+)/.exec(setting.expects) ?? [];
  const shown = (value) => withUnit(key, value) ?? String(value);
  const bounds = least === undefined ? '' : `${shown(Number(least))} to ${shown(Number(most))}`;
  return `| \`${key}\` | ${shown(setting.default)} | ${bounds} | ${setting.doc.replaceAll('|', '\\|')} |`;
}

const SIZES = [
  [1024 ** 5, 'PiB'],
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
];
const TIMES = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A size or a time as a person says it; undefined where the key says neither, and for 0. */
function withUnit(key, value) {
  if (typeof value !== 'number' || value === 0) return undefined;
  const [units, least] = /Ms$/.test(key) ? [TIMES, 'ms'] : /Bytes|Size/.test(key) ? [SIZES, 'bytes'] : [undefined, ''];
  if (units === undefined) return undefined;
  const found = units.find(([size]) => value >= size && (value / size) % 1 === 0);
  if (value === 1 && least === 'bytes') return '1 byte';
  return found === undefined ? `${value} ${least}` : `${value / found[0]} ${found[1]}`;
}
