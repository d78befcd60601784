import { describe, expect, it } from 'vitest';
import { mayControl } from '../../../src/page/session.js';

describe('who looks at the page', () => {
  it('may control with the scope control or admin, and not with read', () => {
    expect(mayControl({ name: 'a', scopes: ['read'] })).toBe(false);
    expect(mayControl({ name: 'a', scopes: ['read', 'control'] })).toBe(true);
    expect(mayControl({ name: 'a', scopes: ['admin'] })).toBe(true);
  });
});
