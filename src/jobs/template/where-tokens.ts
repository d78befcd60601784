/** A piece of an expression, with its place in the text. */
export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'operator' | 'end';
  /** The name, the operator as it is written, or the text without its quotes. */
  readonly text: string;
  /** Of the first character, from 0 in UTF-16 code units. */
  readonly offset: number;
}

/** What is wrong with an expression, and where. */
export interface WhereProblem {
  /** From 0 in UTF-16 code units. */
  readonly offset: number;
  readonly says: string;
  readonly expected?: string;
  /** What was probably meant. */
  readonly near?: string;
}

/** Thrown within the reader of expressions only: whoever reads one gets its `problem` as a value. */
export class WhereFault extends Error {
  readonly problem: WhereProblem;

  constructor(problem: WhereProblem) {
    super(problem.says);
    this.problem = problem;
  }
}

const SPACE = /[ \t\r\n]*/y;
const NAME = /label\.[a-z0-9._-]+|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9._-]*)?/y;
const NUMBER = /\d{1,15}(?:\.\d{1,9})?(?![\w.])/y;
const TEXT = /'[^']*'|"[^"]*"/y;
const OPERATOR = /&&|\|\||==|!=|<=|>=|[<>~!()]/y;
/** Operators of other languages, and what they are here. */
const MEANT: Readonly<Record<string, string>> = { '&': '&&', '|': '||', '=': '==' };

/**
 * Takes an expression apart.
 *
 * @returns its pieces; the last one is of kind `end`
 * @throws WhereFault
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const at = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    offset += at(SPACE)!.length;
    if (offset === text.length) return [...tokens, { kind: 'end', text: '', offset }];
    const [kind, found] = pieceAt(at, text, offset);
    tokens.push({ kind, text: kind === 'text' ? found.slice(1, -1) : found, offset });
    offset += found.length;
  }
}

function pieceAt(
  at: (pattern: RegExp) => string | undefined,
  text: string,
  offset: number,
): readonly [kind: Token['kind'], found: string] {
  const kinds = [
    ['operator', OPERATOR],
    ['name', NAME],
    ['number', NUMBER],
    ['text', TEXT],
  ] as const;
  for (const [kind, pattern] of kinds) {
    const found = at(pattern);
    if (found !== undefined) return [kind, found];
  }
  const character = String.fromCodePoint(text.codePointAt(offset)!);
  if (/['"]/.test(character)) {
    throw new WhereFault({ offset, says: 'a text has no closing quote', expected: `another ${character}` });
  }
  if (/\d/.test(character)) {
    throw new WhereFault({ offset, says: 'a number cannot be read', expected: 'digits, with a point, as 29.97' });
  }
  const near = MEANT[character];
  throw new WhereFault({
    offset,
    says: `${JSON.stringify(character)} stands here`,
    expected: 'a fact, a number, a text in quotes or an operator',
    ...(near === undefined ? {} : { near }),
  });
}
