import type { Flag, Place, Values } from './places.js';
import { commandPatterns, valuePatterns } from './walk.js';

/** A script for fish that completes the words of a command line, with what each means. */
export function fishScript(places: readonly Place[]): string {
  return `# Completion of sluice for fish.
function __sluice_at
    set -l place ''
    set -l count 0
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$place $word"
            case ${patterns(valuePatterns(places))}
                set skip 1
            case ${patterns(commandPatterns(places))}
                set place "$place/$word"
                set count 0
            case '* -*'
            case '*'
                set count (math $count + 1)
        end
    end
    test "$place" = "$argv[1]"; and begin
        test (count $argv) = 1; or test $count = $argv[2]
    end
end
complete -c sluice -f
${places.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, commands, flags, arguments: given }: Place): string[] {
  const at = `complete -c sluice -n "__sluice_at '${path}'"`;
  return [
    ...commands.map(({ name, says }) => `${at} -a ${name} -d '${says}'`),
    ...flags.map((flag) => `${at} ${namesOf(flag)}${valuePart(flag.value)} -d '${flag.says}'`),
    ...given.flatMap((values, i) => {
      const here = `complete -c sluice -n "__sluice_at '${path}' ${i}"`;
      if (values === 'anything') return [];
      return [values === 'files' ? `${here} -F` : `${here} -a '${values.join(' ')}'`];
    }),
  ];
}

function namesOf({ names }: Flag): string {
  return names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ');
}

function valuePart(values: Values | undefined): string {
  if (values === undefined) return '';
  if (values === 'files') return ' -r -F';
  return values === 'anything' ? ' -x' : ` -x -a '${values.join(' ')}'`;
}

/** Alternatives of bash as fish writes them. */
function patterns(alternatives: string): string {
  return alternatives.split('|').join(' ');
}
