import type { Place, Values } from './places.js';
import { commandPatterns, grouped, valueFlags, valuePatterns } from './walk.js';

/** A script for bash that completes the words of a command line. It works without the package bash-completion. */
export function bashScript(places: readonly Place[]): string {
  const values = valueFlags(places).map(({ pattern, flag }) => ({ pattern, line: wordsFor(flag.value!) }));
  const named = places.map((place) => ({ pattern: `"${place.path}"`, line: namesAt(place) }));
  const given = places.flatMap((place) =>
    place.arguments.map((argument, i) => ({ pattern: `"${place.path} ${i}"`, line: wordsFor(argument) })),
  );
  return `# Completion of sluice for bash.
_sluice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" place="" count=0 i word words=""
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$place $word" in
      ${valuePatterns(places)}) i=$((i + 1)) ;;
      ${commandPatterns(places)}) place="$place/$word"; count=0 ;;
      *" -"*) ;;
      *) count=$((count + 1)) ;;
    esac
  done
  case "$place $prev" in
${cases(values)}
  esac
  case "$cur" in
    -*)
      case "$place" in
${cases(named)}
      esac
      ;;
    *)
      case "$place" in
${cases(places.filter(({ commands }) => commands.length > 0).map((place) => ({ pattern: `"${place.path}"`, line: add(place.commands.map(({ name }) => name)) })))}
      esac
      case "$place $count" in
${cases(given)}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _sluice sluice
`;
}

function cases(rows: readonly { readonly pattern: string; readonly line: string }[]): string {
  return grouped(rows.filter(({ line }) => line !== ''))
    .map(([pattern, line]) => `        ${pattern}) ${line} ;;`)
    .join('\n');
}

/** What completes a value: of a flag, and of an argument. */
function wordsFor(values: Values): string {
  if (values === 'files') return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return';
  if (values === 'anything') return 'return';
  const behind = values.some((word) => word.endsWith('=')) ? 'compopt -o nospace 2>/dev/null; ' : '';
  return `${behind}COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$cur")); return`;
}

function namesAt({ flags }: Place): string {
  return add(flags.flatMap(({ names }) => names));
}

function add(words: readonly string[]): string {
  return `words="${words.join(' ')}"`;
}
