import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/core/log.js';
import { TroubleLog } from '../../../src/core/trouble-log.js';

function troubleLog() {
  const lines: string[] = [];
  const log = createLogger({ format: 'json', sink: { write: (line) => void lines.push(line) } });
  const causes = (): unknown[] => lines.map((line) => (JSON.parse(line) as { cause?: unknown }).cause);
  return { trouble: new TroubleLog(log, 'it cannot be read'), causes };
}

describe('a trouble that is met again and again', () => {
  it('is told once for each cause', () => {
    const { trouble, causes } = troubleLog();
    for (const cause of ['refused', 'refused', 'timeout', 'timeout']) trouble.failed(new Error(cause));
    expect(causes()).toEqual(['refused', 'timeout']);
  });

  it('is told again when it had been over', () => {
    const { trouble, causes } = troubleLog();
    trouble.failed('refused');
    trouble.over();
    trouble.failed('refused');
    expect(causes()).toEqual(['refused', 'refused']);
  });
});
