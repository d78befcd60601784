import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, readBody } from '../../../src/core/json-body.js';

const read = (text: string) => readBody(Buffer.from(text));

describe('the body of a request', () => {
  it('is a JSON object; none is an empty one', () => {
    expect(read('{"reason":"off topic"}')).toEqual({ value: { reason: 'off topic' } });
    expect([read(''), read(' \n')]).toEqual([{ value: {} }, { value: {} }]);
  });

  it.each(['NaN', '{"a":NaN}', '{', 'kick', '\u0000', '[', '['.repeat(60_000)])(
    'is refused when it is no JSON: %.20s',
    (text) => {
      expect(read(text)).toEqual({ error: { expected: 'JSON', got: 'text that is none' } });
    },
  );

  it('is refused when it is JSON and no object, in words that do not repeat it', () => {
    const got = ['null', '[1]', '"key"', '5', 'true'].map((text) => read(text));
    expect(got).toEqual(
      ['null', 'a list', 'a string', 'a number', 'a boolean'].map((kind) => ({
        error: { expected: 'an object', got: kind },
      })),
    );
  });

  it.each(['{"__proto__":{"a":1}}', '{"a":[{"b":{"__proto__":1}}]}', '{"\\u005f_proto__":1}'])(
    'is refused with a member that objects lose when they are copied: %s',
    (text) => {
      const error = { expected: 'members that are known', got: 'one that is called __proto__' };
      expect(read(text)).toEqual({ error });
      expect(read(text.replace(/(__|\\u005f_)proto__/, 'b\\u005fc'))).toHaveProperty('value');
    },
  );

  it('may have 64 KiB and not a byte more', () => {
    const body = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    expect(read(body(MAX_BODY_BYTES))).toHaveProperty('value');
    const error = { expected: 'at most 65536 bytes', got: '65537 bytes' };
    expect(read(body(MAX_BODY_BYTES + 1))).toEqual({ error });
  });
});
