import { expect, it } from 'vitest';
import { HealthLines } from '../../../src/webhooks/health-lines.js';
import { RecordingLog } from '../../support/events-parts.js';

it('logs one line when a webhook begins to fail and one when it is well, not each of many within a minute', () => {
  const log = new RecordingLog();
  const lines = new HealthLines(log);
  for (let i = 0; i < 5; i++) lines.failed('status 500', i);
  lines.isWell();
  lines.isWell();
  expect(log.lines).toMatchObject([
    { level: 'warn', fields: { cause: 'status 500' } },
    { level: 'info', fields: { failures: 5 } },
  ]);
  for (let i = 0; i < 20; i++) {
    lines.failed('timeout', 1000 * i);
    lines.isWell();
  }
  expect(log.lines).toHaveLength(2);
  lines.failed('timeout', 60_000);
  lines.isWell();
  expect(log.lines).toHaveLength(4);
});
