import { describe, expect, it } from 'vitest';
import { isLoopback } from '../../../src/core/loopback.js';

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', 'localhost', 'LOCALHOST'])(
    'knows %s as this machine only',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.com', 'localhost.example.com', ''])(
    'knows %j as reachable from outside',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
