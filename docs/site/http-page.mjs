// The page of the HTTP interface, from the OpenAPI document that the server itself serves.
import { cell, membersOf, typeOf } from './schema-table.mjs';

const GROUPS = {
  health: 'Health',
  node: 'The node',
  events: 'Events',
  stream: 'One stream',
  streams: 'Streams',
  plays: 'Plays',
  wants: 'Names that are wanted',
  relays: 'Relays',
  jobs: 'Jobs',
  nodes: 'Nodes',
  config: 'Settings',
  bans: 'Bans',
  auth: 'Admission',
  webhooks: 'Webhooks',
};

/** @returns the page in Markdown */
export function renderHttp(document) {
  const named = document.components.schemas;
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const lines = [
    '# HTTP: every path',
    '',
    `Made from the OpenAPI document of version ${document.info.version}, which a running server has at \`/openapi.json\`.`,
    '[Control](/control) says what holds for all of them: tokens, headers, errors, the cluster. The document for programs: [openapi.json](/files/openapi.json.txt).',
  ];
  const tags = [...new Set(all.map(({ operation }) => operation.tags?.[0] ?? 'node'))];
  for (const tag of tags) {
    lines.push('', `## ${GROUPS[tag] ?? tag}`);
    for (const each of all)
      if ((each.operation.tags?.[0] ?? 'node') === tag) lines.push('', ...operationOf(each, named));
  }
  return `${lines.join('\n')}\n`;
}

function operationOf({ path, method, operation }, named) {
  const lines = [
    `### ${method} ${path.replaceAll('{', '&#123;').replaceAll('}', '&#125;')}`,
    '',
    cell(operation.summary ?? ''),
  ];
  if (operation.description !== undefined) lines.push('', cell(operation.description));
  const scope = operation['x-scope'];
  lines.push('', scope === undefined ? 'Needs no token.' : `Scope: \`${scope}\`.`);
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    lines.push('', '| parameter | in | type | meaning |', '|---|---|---|---|');
    for (const { name, in: where, required, schema, description } of parameters) {
      const says = description ?? schema?.description ?? '';
      lines.push(
        `| \`${name}\`${required === true ? '' : ' (optional)'} | ${where} | ${cell(typeOf(schema, named))} | ${cell(says)} |`,
      );
    }
  }
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (body !== undefined) {
    lines.push('', `**Body** (\`${type}\`)`, '', ...membersOf(body.schema, named));
    if (body.example !== undefined) lines.push('', '```json', JSON.stringify(body.example, null, 2), '```');
  }
  for (const [status, response] of Object.entries(operation.responses))
    lines.push(...answerOf(status, response, named));
  return lines;
}

function answerOf(status, response, named) {
  if (status === 'default') return ['', 'Every other answer is a [problem](/control#answers-and-errors).'];
  const lines = ['', `**${status}** ${cell(response.description ?? '')}`];
  for (const [type, { schema, example }] of Object.entries(response.content ?? {})) {
    const table = membersOf(schema ?? {}, named);
    if (table.length === 0) lines.push('', `Type: \`${type}\`.`);
    else lines.push('', ...table);
    if (example !== undefined) lines.push('', '```json', JSON.stringify(example, null, 2), '```');
  }
  return lines;
}
