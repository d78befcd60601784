// The page of events, signals and buckets, from the AsyncAPI document of the package.
import { cell, membersOf, resolved } from './schema-table.mjs';

const ENVELOPE = 'CloudEvents';

/** @returns the page in Markdown */
export function renderEvents(document) {
  const named = document.components.schemas;
  const lines = [
    '# Events: every message',
    '',
    `Made from the AsyncAPI document of version ${document.info.version} (\`sluice/schemas/asyncapi.json\` of the package).`,
    '[Events](/events) is the contract: envelope, order, what is guaranteed. The document for programs: [asyncapi.json](/files/asyncapi.json.txt).',
    'A consumer must not fail on a member that is not listed.',
  ];
  let group;
  for (const [name, channel] of Object.entries(document.channels)) {
    const next = groupOf(name);
    if (next !== group) lines.push('', `## ${next}`);
    group = next;
    lines.push('', ...channelOf(name, channel, document, named));
  }
  return `${lines.join('\n')}\n`;
}

function groupOf(name) {
  const head = name.split('-')[0];
  const titles = {
    stream: 'Streams',
    play: 'Players',
    record: 'Recordings',
    relay: 'Relays',
    node: 'Nodes',
    job: 'Jobs',
    kv: 'Values of buckets',
  };
  return titles[head] ?? 'Signals that are not stored';
}

function channelOf(name, channel, document, named) {
  const message = document.components.messages[name];
  const lines = [
    `### ${message?.title ?? name}`,
    '',
    cell(channel.description ?? ''),
    '',
    `Subject: \`${channel.address}\``,
  ];
  const payload = resolved(message?.payload?.schema ?? {}, named);
  const isEvent = payload.title?.includes(ENVELOPE) === true && payload.properties?.data !== undefined;
  const table = membersOf(isEvent ? payload.properties.data : payload, named);
  if (table.length > 0) lines.push('', isEvent ? '`data` has:' : 'The message has:', '', ...table);
  return lines;
}
