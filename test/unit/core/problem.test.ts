import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/core/problem.js';

describe('a problem', () => {
  it('has the status of its code, and 500 only where the server is at fault', () => {
    expect(problemOf('ERR_CTL_STREAM_UNKNOWN').status).toBe(404);
    expect(problemOf('ERR_INTERNAL').status).toBe(500);
  });

  it.each(['ERR_AUTH_OPEN_PUBLIC_BIND', 'ERR_HTTP_OPEN_PUBLIC_BIND'] as const)(
    'is a conflict when a change of settings would open the server to anybody: %s',
    (code) => {
      expect(problemOf(code).status).toBe(409);
    },
  );

  it('says what happened where that is known, else what the code says', () => {
    const { detail, message, title } = problemOf('ERR_CTL_STREAM_UNKNOWN', 'S1');
    expect({ detail, message }).toEqual({ detail: 'S1', message: `${title}: S1` });
    expect(problemOf('ERR_CTL_STREAM_UNKNOWN').detail).toBe(title);
  });
});
