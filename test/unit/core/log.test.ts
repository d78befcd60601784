import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { SluiceError } from '../../../src/core/errors.js';
import {
  createLogger,
  guardedLogger,
  type Logger,
  type LoggerOptions,
  rateLimited,
  silentLogger,
} from '../../../src/core/log.js';
import { FIELD_BYTES, LINE_BYTES } from '../../../src/core/log-fields.js';

function capture(options: LoggerOptions = {}) {
  const lines: string[] = [];
  const log = createLogger({ format: 'json', ...options, sink: { write: (line: string) => void lines.push(line) } });
  const last = () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown>;
  return { log, lines, last };
}

function fakeClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0;
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

describe('createLogger', () => {
  it('writes one JSON object per line with level name, ISO time and message', () => {
    const { log, lines, last } = capture();
    log.info({ port: 1935 }, 'listening');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toMatchObject({ level: 'info', port: 1935, msg: 'listening' });
    expect(new Date(String(last()['time'])).toISOString()).toBe(last()['time']);
  });

  it('takes a message without fields', () => {
    const { log, last } = capture();
    log.warn('careful');
    expect(last()).toMatchObject({ level: 'warn', msg: 'careful' });
  });

  it('leaves out lines below its level, everything at level silent', () => {
    const warn = capture({ level: 'warn' });
    warn.log.info('no');
    warn.log.warn('yes');
    expect(warn.lines).toHaveLength(1);
    const silent = capture({ level: 'silent' });
    silent.log.error('no');
    expect(silent.lines).toHaveLength(0);
  });

  it('adds the fields of a child to each of its lines, cleaned', () => {
    const { log, last } = capture();
    log.child({ connectionId: 'c1', token: 'canary' }).info({ bytes: 2 }, 'read');
    expect(last()).toMatchObject({ connectionId: 'c1', token: '***', bytes: 2 });
  });

  it('writes for people in format pretty, still one line', () => {
    const { log, lines } = capture({ format: 'pretty' });
    log.info({ name: 'cam\n1' }, 'listening');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain('\n');
    expect(lines[0]).toContain('listening');
    expect(lines[0]).not.toMatch(/^\{/);
  });

  it('masks members with secret names at any depth, and nothing that only looks like one', () => {
    const { log, lines, last } = capture();
    log.info(
      {
        key: 'canary',
        nats: { password: 'canary', nkey: 'canary', tls: { apiKey: 'canary' } },
        keyFingerprint: 'ab12',
        query: '',
      },
      'x',
    );
    expect(lines[0]).not.toContain('canary');
    expect(last()).toMatchObject({ key: '***', keyFingerprint: 'ab12', query: '' });
  });

  it('cuts user info and query out of URLs, in fields and in messages', () => {
    const { log, lines, last } = capture();
    log.info({ url: 'nats://me:canary@host:4222,nats://token-canary@b' }, 'from rtmp://h/live/a?key=canary end');
    expect(lines[0]).not.toContain('canary');
    expect(last()).toMatchObject({ url: 'nats://***@host:4222,nats://***@b', msg: 'from rtmp://h/live/a?*** end' });
  });

  it('escapes control characters, line separators, reordering marks and lone surrogates of a peer', () => {
    const { log, last } = capture();
    log.info({ name: 'a\r\nb\x1b[31m\x85\u2028\u202e\ud800z' }, 'x');
    expect(last()['name']).toBe('a\\x0d\\x0ab\\x1b[31m\\x85\\u2028\\u202e\\ud800z');
  });

  it.each([FIELD_BYTES - 1, FIELD_BYTES])('leaves a field of %i bytes whole', (length) => {
    const { log, last } = capture();
    log.info({ name: 'a'.repeat(length) }, 'x');
    expect(last()['name']).toBe('a'.repeat(length));
  });

  it.each(['a', 'ü', '漢', '😀'])(
    'cuts a longer field of %s at 256 bytes without breaking a character',
    (character) => {
      const { log, last } = capture();
      for (const count of [FIELD_BYTES + 1, 100_000]) {
        log.info({ name: character.repeat(count) }, 'x');
        const name = String(last()['name']);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(FIELD_BYTES);
        expect(name).toMatch(new RegExp(`^${character}+…$`, 'u'));
      }
    },
  );

  it('keeps a line near 4 KiB however many fields a caller passes', () => {
    const { log, lines, last } = capture();
    log.info(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 'x'.repeat(300)])), 'x');
    expect(lines[0]?.length).toBeLessThan(LINE_BYTES + 2 * FIELD_BYTES);
    expect(last()['truncated']).toBe(true);
  });

  it('bounds depth, long arrays and circular structures', () => {
    const { log, lines } = capture();
    const loop: Record<string, unknown> = { list: Array.from({ length: 1000 }, (_, i) => i) };
    loop['self'] = loop;
    log.info(loop, 'x');
    expect(lines[0]).toContain('… 968 more');
    expect(lines[0]).toContain('{…}');
  });

  it('shows an expected error by code without frames and an unexpected one with frames', () => {
    const { log, last } = capture();
    log.error({ err: new TypeError('broken') }, 'x');
    expect(last()['err']).toMatchObject({ type: 'TypeError', message: 'broken' });
    expect((last()['err'] as { frames: string[] }).frames.length).toBeGreaterThan(0);
    log.error({ err: new SluiceError('ERR_INTERNAL', 'x', { cause: new Error('why'), details: { limit: 3 } }) }, 'x');
    expect(last()['err']).toMatchObject({ code: 'ERR_INTERNAL', details: { limit: 3 }, cause: { message: 'why' } });
  });

  it('writes bytes as their count, dates as ISO text, and odd numbers as text', () => {
    const { log, last } = capture();
    log.info({ b: Buffer.from('canary'), d: new Date(0), n: Number.NaN, big: 5n, f: () => 1, no: undefined }, 'x');
    expect(last()).toMatchObject({ b: '<6 bytes>', d: '1970-01-01T00:00:00.000Z', n: 'NaN', big: '5' });
    expect(last()).not.toHaveProperty('f');
  });
});

describe('rateLimited', () => {
  it('passes ten lines at once and ten a second, and tells how many it kept back before the next', () => {
    const { log, lines, last } = capture();
    const clock = fakeClock();
    const limited = rateLimited(log, clock, 10);
    const child = limited.child({ connectionId: 'c' });
    for (let i = 0; i < 8; i++) limited.info('a');
    for (let i = 0; i < 8; i++) child.info('b');
    expect(lines).toHaveLength(10);
    clock.advance(99);
    limited.info('still none left');
    expect(lines).toHaveLength(10);
    clock.advance(1);
    limited.info('next');
    expect(JSON.parse(lines[10] ?? '')).toMatchObject({ level: 'warn', suppressed: 7 });
    expect(last()['msg']).toBe('next');
  });
});

describe('silentLogger', () => {
  it('swallows every line, its children too', () => {
    expect(silentLogger.child({ a: 1 }).error({ b: 2 }, 'x')).toBeUndefined();
    expect(silentLogger.info('x')).toBeUndefined();
  });
});

describe('the level of a logger', () => {
  it('can be changed, for the loggers that were made from it too', () => {
    const { log, lines } = capture({ level: 'info' });
    const child = log.child({ part: 'a' });
    child.debug('unheard');
    log.setLevel('debug');
    child.debug('heard');
    log.setLevel('error');
    child.warn('unheard');
    log.setLevel('silent');
    log.error('unheard');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['heard']);
  });
});

describe('guardedLogger', () => {
  it('keeps what a program’s logger throws from whoever logs', () => {
    const fails = () => {
      throw new Error('no disk');
    };
    const broken: Logger = { debug: fails, info: fails, warn: fails, error: fails, child: fails };
    const log = guardedLogger(broken);
    for (const target of [log, log.child({ a: 1 })]) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) {
        expect(() => target[level]('a line')).not.toThrow();
        expect(() => target[level]({ a: 1 }, 'a line')).not.toThrow();
      }
    }
  });
});
