// JSON Schema as a table of members, for the pages of the HTTP interface and of the events.

/** How deep members of members are listed. */
const DEEPEST = 4;

/**
 * The members of a schema, as a Markdown table; an empty list when it has none.
 *
 * @param named what `$ref` leads to: the schemas of the document by name
 * @returns lines
 */
export function membersOf(schema, named) {
  const rows = rowsOf(schema, named, '', 0);
  if (rows.length === 0) return [];
  return ['| member | type | meaning |', '|---|---|---|', ...rows];
}

function rowsOf(given, named, prefix, depth) {
  const schema = resolved(given, named);
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const target = resolved(member, named);
    const key = `${prefix}${name}`;
    const says = [member.description ?? target.description, boundsOf(target)].filter(Boolean).join(' ');
    const optional = required.has(name) ? '' : ' (optional)';
    const row = `| ${code(key)}${optional} | ${cell(typeOf(member, named))} | ${cell(says)} |`;
    if (depth >= DEEPEST) return [row];
    const inner = target.type === 'array' && target.items !== undefined ? target.items : target;
    const next = target.type === 'array' ? `${key}[].` : `${key}.`;
    return [row, ...rowsOf(inner, named, next, depth + 1)];
  });
}

/** @returns the type of a value in words, such as `list of text` */
export function typeOf(given, named) {
  const schema = resolved(given, named);
  if ('const' in schema) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return [...new Set(either.map((one) => typeOf(one, named)))].join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map(word).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {}, named)}`;
  if (schema.format === 'date-time') return 'time';
  return word(schema.type);
}

function word(type) {
  return { string: 'text', integer: 'whole number', object: 'group', boolean: 'true or false' }[type] ?? type ?? 'any';
}

function boundsOf(schema) {
  const said = [];
  const isReal = (value) => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (isReal(schema.minimum)) said.push(`at least ${schema.minimum}`);
  if (isReal(schema.maximum)) said.push(`at most ${schema.maximum}`);
  if (schema.maxLength !== undefined) said.push(`at most ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) said.push(`at most ${schema.maxItems} items`);
  if (schema.default !== undefined) said.push(`default ${code(JSON.stringify(schema.default))}`);
  const text = said.join(', ');
  return text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}.`;
}

/** @returns what `$ref` of a schema leads to, or the schema */
export function resolved(schema, named) {
  const name = /^#\/components\/schemas\/(.+)$/.exec(schema?.$ref ?? '')?.[1];
  return name === undefined ? (schema ?? {}) : { ...named[name], ...schema };
}

function code(text) {
  return `\`${text}\``;
}

/** @returns text for a cell of a table: no bar ends it, and nothing in it is taken for markup */
export function cell(text) {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '{&#123;')))
    .join('')
    .replaceAll('|', '\\|')
    .replaceAll('\n', ' ');
}
