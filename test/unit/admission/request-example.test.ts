import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { admissionRequest } from '../../support/admission/request.js';
import { repository } from '../../support/repository.js';

describe('the question that the documents show', () => {
  it('is the one that responders get', () => {
    const shown: unknown = JSON.parse(readFileSync(join(repository(), 'examples/auth-question.json'), 'utf8'));
    const ids = { requestId: '01JGFJJZ00Q8ZJ2T9E5H3V7K4M', query: 'key=k-7f3a91' };
    const request = admissionRequest({
      question: ids,
      origin: { bootId: '01JGFJJY008R6W1X3C5N7B9D2F', wallMs: () => Date.parse('2026-01-01T12:00:00Z') },
    });
    const made = JSON.parse(request.json()) as object;
    expect({ ...made, connectionId: '01JGFJJZ00A1S3D5F7G9H2J4K6' }).toEqual(shown);
    expect(Object.keys(made)).toEqual(Object.keys(shown as object));
  });
});
