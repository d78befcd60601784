/** Longest name, in characters. */
const LONGEST = 48;

/**
 * The program behind what a client says of itself in `flashVer`, in few words: `OBS 30.2` for `FMLE/3.0 (compatible;
 * obs-studio/30.2.0; FMSc/1.0)` and for `obs-output module (libobs version 30.2.0)`, `Lavf59.27` for `FMLE/3.0
 * (compatible; Lavf59.27.100)`. What is not known stays as it is, cut to 48 characters.
 *
 * @param says a peer's text: `flashVer` of its connect command, or `encoder` of its metadata. Control characters stay
 *   in it: the log and the command line clean what they show.
 */
export function programName(says: string): string {
  const [, obs] = /(?:\bobs-?studio\/|\blibobs version )(\d+\.\d+)/i.exec(says) ?? [];
  if (obs !== undefined) return `OBS ${obs}`;
  const [, program = says] = /\(compatible; ([^;)]+)/.exec(says) ?? [];
  const [, lavf] = /^(Lavf\d+\.\d+)[\d.]*$/.exec(program) ?? [];
  if (lavf !== undefined) return lavf;
  const characters = [...program.slice(0, 4 * LONGEST)];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : program;
}
