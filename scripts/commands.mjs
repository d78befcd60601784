// docs/cli.md, from the commands as the program registers them: each with its flags and the examples of its help.

const INTRO = `# Commands

<!-- Made by \`npm run docs\` from src/cli/; a test compares. -->

\`sluice\` alone starts the server. \`sluice help COMMAND\` prints what stands here. In a checkout or a project it is \`npx sluice\`.

Exit codes: 0 done, 1 failed, 2 wrong flag or setting, 3 address taken or server not reachable, 4 refused, 5 partial: some nodes did not
answer. Results go to standard output, notices and progress to standard error, and progress only to a terminal.
`;

/**
 * The page of all commands.
 *
 * @param program the root of the tree, of commander
 */
export function renderCommands(program) {
  const groups = new Map();
  for (const command of program.commands) {
    const group = command.helpGroup().replace(/:$/, '');
    groups.set(group, [...(groups.get(group) ?? []), command]);
  }
  const parts = [...groups].map(([group, commands]) => `## ${group}\n\n${commands.map(section).join('\n')}`);
  return `${INTRO}\n${parts.join('\n')}`;
}

function section(command) {
  const children = command.commands.map((child) => `${part(child, '####')}`);
  return [part(command, '###'), ...children].join('\n');
}

/** A heading, what it does, how it is called, its flags and the text behind its help. */
function part(command, heading) {
  const path = pathOf(command);
  const lines = [`${heading} ${path}`, '', `${sentence(command.description())}`, '', '```text'];
  lines.push(...`${path} ${command.usage()}`.split('\n').map((line) => line.trim()), '```', '');
  for (const { name, description } of command.registeredArguments.map(argumentOf)) {
    if (description !== '') lines.push(`- \`${name}\`: ${description.replaceAll('<', '\\<')}`);
  }
  if (lines.at(-1) !== '') lines.push('');
  if (command.options.length > 0) {
    lines.push('| flag | meaning |', '|---|---|');
    for (const { flags, description } of command.options) lines.push(`| \`${cell(flags)}\` | ${cell(description)} |`);
    lines.push('');
  }
  const after = textBehind(command);
  if (after !== '') lines.push('```text', after, '```', '');
  return lines.join('\n');
}

function pathOf(command) {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function argumentOf(argument) {
  return { name: argument.name(), description: argument.description ?? '' };
}

/** What `addHelpText` has added; commander writes it at an event. */
function textBehind(command) {
  let text = '';
  command.emit('afterHelp', {
    error: false,
    command,
    write: (part) => {
      text += part;
    },
  });
  return text.trim();
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}
