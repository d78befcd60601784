import type { Flag, Place, Values } from './places.js';
import { commandPatterns, grouped, valueFlags, valuePatterns } from './walk.js';

/** A script for zsh that completes the words of a command line, with what each means. */
export function zshScript(places: readonly Place[]): string {
  const values = valueFlags(places).map(({ pattern, flag }) => ({ pattern, line: wordsFor(flag.value!) }));
  const commands = places
    .filter((place) => place.commands.length > 0)
    .map(({ path, commands: inner }) => ({ pattern: `"${path}"`, line: described('command', inner.map(told)) }));
  const flags = places.map((place) => ({
    pattern: `"${place.path}"`,
    line: described('flag', place.flags.flatMap(toldFlag)),
  }));
  const given = places.flatMap((place) =>
    place.arguments.map((argument, i) => ({ pattern: `"${place.path} ${i}"`, line: wordsFor(argument) })),
  );
  return `#compdef sluice
# Completion of sluice for zsh.
_sluice() {
  local place="" word i
  local -i count=0
  local -a told
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "$place $word" in
      ${valuePatterns(places)}) i=$((i + 1)) ;;
      ${commandPatterns(places)}) place="$place/$word"; count=0 ;;
      *" -"*) ;;
      *) count=$((count + 1)) ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${cases(values)}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then
    case "$place" in
${cases(flags)}
    esac
    return
  fi
  case "$place" in
${cases(commands)}
  esac
  case "$place $count" in
${cases(given)}
  esac
}
if [ "\${funcstack[1]:-}" = "_sluice" ]; then _sluice "$@"; elif command -v compdef >/dev/null; then compdef _sluice sluice; fi
`;
}

function cases(rows: readonly { readonly pattern: string; readonly line: string }[]): string {
  return grouped(rows.filter(({ line }) => line !== ''))
    .map(([pattern, line]) => `      ${pattern}) ${line} ;;`)
    .join('\n');
}

function wordsFor(values: Values): string {
  if (values === 'files') return '_files; return';
  if (values === 'anything') return 'return';
  const behind = values.some((word) => word.endsWith('=')) ? "-S '' " : '';
  return `compadd ${behind}-- ${values.join(' ')}; return`;
}

function described(kind: string, lines: readonly string[]): string {
  return `told=(${lines.join(' ')}); _describe -t ${kind}s ${kind} told`;
}

function told({ name, says }: { readonly name: string; readonly says: string }): string {
  return `'${name}:${says.replaceAll(':', '\\:')}'`;
}

function toldFlag({ names, says }: Flag): string[] {
  return names.map((name) => told({ name, says }));
}
