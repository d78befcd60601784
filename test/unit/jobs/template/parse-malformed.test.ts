import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../../src/core/errors.js';
import { checkTemplates } from '../../../../src/jobs/template/parse.js';
import { tellProblem } from '../../../../src/jobs/template/problems.js';
import { MALFORMED } from '../../../support/jobs/malformed-templates.js';

const MARK = '¦';

/** The text without its mark, and where that stood; the beginning when there is none. */
function unmarked(marked: string) {
  const before = marked.slice(0, Math.max(0, marked.indexOf(MARK))).split('\n');
  return { text: marked.replace(MARK, ''), line: before.length, column: before.at(-1)!.length + 1 };
}

const cases = MALFORMED.map(({ code, marked }) => ({
  ...{ code, ...unmarked(marked) },
  shown: JSON.stringify(marked).slice(0, 160),
}));

describe('malformed templates', () => {
  it('are at least two hundred, each another one', () => {
    expect(new Set(MALFORMED.map(({ marked }) => marked)).size).toBe(MALFORMED.length);
    expect(MALFORMED.length).toBeGreaterThanOrEqual(200);
  });

  it.each(cases)('are refused with $code at $line:$column: $shown', ({ code, text, line, column }) => {
    const { problems } = checkTemplates([{ name: 'jobs.yaml', text }]);
    const places = problems.map((problem) => `${problem.code} ${problem.line}:${problem.column}`);
    expect(places).toContain(`${code} ${line}:${column}`);
    for (const problem of problems) {
      expect(ERRORS[problem.code].exit).toBe('usage');
      expect(tellProblem(problem).length).toBeLessThan(1000);
      expect(tellProblem(problem)).not.toContain('\n');
    }
  });
});
