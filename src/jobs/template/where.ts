import { suggest } from '../../config/suggest.js';
import { globMatcher } from '../../core/glob.js';
import type { JobFacts } from './template.js';
import { FACT_NAMES, type FactType, factType, factValues } from './where-facts.js';
import { type Token, tokensOf, WhereFault, type WhereProblem } from './where-tokens.js';

/** An expression that was read. */
interface Where {
  /** Whether it holds. A comparison with a fact that is not known is false. It never throws. */
  readonly holds: (facts: JobFacts) => boolean;
  /** The facts that it names, each once. */
  readonly facts: ReadonlySet<string>;
}

/** Longest expression, in bytes of UTF-8. */
const MOST_BYTES = 512;
/** Most comparisons, operators and literals. */
const MOST_NODES = 64;
/** Most levels of parentheses and `!`. */
const MOST_LEVELS = 16;

/** Either the expression or what is wrong with it. */
type WhereOutcome =
  | { readonly where: Where; readonly problem?: undefined }
  | { readonly problem: WhereProblem; readonly where?: undefined };

/**
 * Reads an expression over facts: `&& || ! ( ) == != < <= > >= ~`, numbers, texts in quotes, `true` and `false`. What a
 * template says is never run as code and never becomes a regular expression.
 */
export function readWhere(text: string): WhereOutcome {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) {
    return { problem: { offset: 0, says: `it is ${bytes} bytes long`, expected: `at most ${MOST_BYTES} bytes` } };
  }
  try {
    return { where: new Parser(tokensOf(text)).read() };
  } catch (error) {
    if (error instanceof WhereFault) return { problem: error.problem };
    throw error;
  }
}

type Test = (facts: JobFacts) => boolean;
type Side = { readonly token: Token; readonly type: FactType } & (
  | { readonly fact: string; readonly value?: undefined }
  | { readonly value: string | number; readonly fact?: undefined }
);
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | '~';

const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>=', '~'];
const ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const WORDS: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };

/** Recursive descent: `||` binds least, then `&&`, then `!`, then comparisons. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #facts = new Set<string>();
  #at = 0;
  #nodes = 0;
  #levels = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): Where {
    const holds = this.#any();
    const rest = this.#token;
    if (rest.kind !== 'end') this.#fail(rest, `${told(rest)} stands here`, '&&, || or the end', WORDS[rest.text]);
    return { holds, facts: this.#facts };
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #takes(operator: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== 'operator' || text !== operator) return false;
    this.#at++;
    return true;
  }

  #fail(token: Token, says: string, expected?: string, near?: string): never {
    throw new WhereFault({
      offset: token.offset,
      says,
      ...(expected === undefined ? {} : { expected }),
      ...(near === undefined ? {} : { near }),
    });
  }

  #count(token: Token): void {
    this.#nodes++;
    if (this.#nodes > MOST_NODES) {
      this.#fail(token, 'it has too many parts', `at most ${MOST_NODES} comparisons, operators, true and false`);
    }
  }

  #any(): Test {
    return this.#joined(
      '||',
      () => this.#all(),
      (tests) => (facts) => tests.some((test) => test(facts)),
    );
  }

  #all(): Test {
    return this.#joined(
      '&&',
      () => this.#not(),
      (tests) => (facts) => tests.every((test) => test(facts)),
    );
  }

  #joined(operator: string, next: () => Test, join: (tests: readonly Test[]) => Test): Test {
    const tests = [next()];
    for (let token = this.#token; this.#takes(operator); token = this.#token) {
      this.#count(token);
      tests.push(next());
    }
    return tests.length === 1 ? tests[0]! : join(tests);
  }

  #not(): Test {
    const token = this.#token;
    if (this.#takes('!')) {
      this.#count(token);
      const test = this.#deeper(token, () => this.#not());
      return (facts) => !test(facts);
    }
    if (this.#takes('(')) {
      const test = this.#deeper(token, () => this.#any());
      if (!this.#takes(')')) this.#fail(this.#token, `${told(this.#token)} stands here`, 'the closing )');
      return test;
    }
    if (token.kind === 'name' && (token.text === 'true' || token.text === 'false')) {
      this.#at++;
      this.#count(token);
      const value = token.text === 'true';
      return () => value;
    }
    return this.#comparison();
  }

  #deeper<T>(token: Token, read: () => T): T {
    this.#levels++;
    if (this.#levels > MOST_LEVELS) {
      this.#fail(token, 'it is nested too deeply', `at most ${MOST_LEVELS} levels of ( and !`);
    }
    const result = read();
    this.#levels--;
    return result;
  }

  #comparison(): Test {
    const left = this.#side();
    const token = this.#token;
    if (token.kind !== 'operator' || !COMPARISONS.includes(token.text)) {
      const help = left.fact?.startsWith('label.') ? ` (${left.fact} ~ '' holds when the label is there)` : '';
      this.#fail(token, `${told(token)} stands here`, `a comparison: ${COMPARISONS.join(' ')}${help}`);
    }
    this.#at++;
    this.#count(token);
    const right = this.#side();
    const operator = token.text as Comparison;
    this.#checkTypes(left, token, right);
    return operator === '~' ? textTest(left.fact!, String(right.value)) : orderTest(left, operator, right);
  }

  #checkTypes(left: Side, operator: Token, right: Side): void {
    if (left.fact === undefined && right.fact === undefined) {
      this.#fail(left.token, 'two constants are compared', 'a fact on one side at least');
    }
    if (operator.text === '~') {
      if (left.fact === undefined) this.#fail(left.token, `${told(left.token)} stands left of ~`, 'a fact');
      if (left.type !== 'text') this.#fail(left.token, `${left.fact} is a number, and ~ looks into texts`, 'a text');
      if (right.fact !== undefined || right.type !== 'text') {
        this.#fail(right.token, `${told(right.token)} stands right of ~`, 'a text in quotes');
      }
      return;
    }
    if (left.type !== right.type) {
      const [fact, other] = left.fact === undefined ? [right, left] : [left, right];
      this.#fail(other.token, `${fact.fact} is a ${fact.type}`, fact.type === 'text' ? 'a text in quotes' : 'a number');
    }
    if (left.type === 'text' && operator.text in ORDERS) {
      this.#fail(operator, `${operator.text} compares numbers, and these are texts`, '== != or ~');
    }
  }

  #side(): Side {
    const token = this.#token;
    if (token.kind === 'number' || token.kind === 'text') {
      this.#at++;
      return token.kind === 'number'
        ? { token, type: 'number', value: Number(token.text) }
        : { token, type: 'text', value: token.text };
    }
    if (token.kind !== 'name') this.#fail(token, `${told(token)} stands here`, 'a fact, a number or a text in quotes');
    const type = factType(token.text);
    if (type === undefined) this.#unknown(token);
    this.#at++;
    this.#facts.add(token.text);
    return { token, type, fact: token.text };
  }

  #unknown(token: Token): never {
    if (token.text === 'true' || token.text === 'false') {
      this.#fail(token, `${token.text} stands in a comparison`, 'a fact, a number or a text in quotes');
    }
    if (/^labels?(?:\.|$)/.test(token.text)) {
      this.#fail(token, `${told(token)} names no label`, 'label.KEY, the key of a-z, 0-9 and . _ -');
    }
    const near = WORDS[token.text] ?? suggest(token.text, FACT_NAMES);
    this.#fail(token, `there is no fact ${told(token)}`, `${FACT_NAMES.join(', ')} or label.KEY`, near);
  }
}

/** A piece as it is shown in a message: never longer than a few words. */
function told(token: Token): string {
  if (token.kind === 'end') return 'the end';
  return token.kind === 'text' ? 'a text' : token.text.slice(0, 40);
}

/**
 * `~`: with a `*` on the right side the whole text has to fit it as a glob (`*` any text without `/`, `**` any text,
 * `?` one character), else it has to be somewhere in the text.
 */
function textTest(fact: string, pattern: string): Test {
  const fits = pattern.includes('*') ? globMatcher(pattern) : (text: string) => text.includes(pattern);
  return (facts) => factValues(facts, fact).some((value) => fits(String(value)));
}

/** `!=` holds when a value is known and none is equal: `codec != 'x'` says that no track has it. */
function orderTest(left: Side, operator: Exclude<Comparison, '~'>, right: Side): Test {
  return (facts) => {
    const ofLeft = valuesOf(facts, left);
    const ofRight = valuesOf(facts, right);
    if (ofLeft.length === 0 || ofRight.length === 0) return false;
    const compare = ORDERS[operator];
    if (compare !== undefined) return compare(ofLeft[0] as number, ofRight[0] as number);
    return ofLeft.some((value) => ofRight.includes(value)) === (operator === '==');
  };
}

function valuesOf(facts: JobFacts, side: Side): readonly (string | number)[] {
  return side.fact === undefined ? [side.value] : factValues(facts, side.fact);
}
