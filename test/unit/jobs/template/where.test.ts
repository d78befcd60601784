import { describe, expect, it } from 'vitest';
import { readWhere } from '../../../../src/jobs/template/where.js';
import { jobFacts } from '../../../support/jobs/facts.js';

const facts = jobFacts({
  name: 'studio/cam-1',
  encoder: 'OBS Studio 30.1',
  labels: { site: 'a', 'room.no-1': "it's", empty: '' },
});

function holds(text: string): boolean {
  const { where, problem } = readWhere(text);
  expect(problem).toBeUndefined();
  return where!.holds(facts);
}

describe('readWhere', () => {
  it.each([
    ['width >= 1280 && codec ~ "avc1"', true],
    ['width==1920', true],
    ['width > 1920', false],
    ['height < width', true],
    ['1280 <= width', true],
    ['fps > 29.9 && fps < 30', true],
    ["videoCodec == 'avc1.64001f'", true],
    ["codec ~ 'mp4a'", true],
    ["codec == 'mp4a.40.2'", true],
    ["codec != 'mp4a.40.2'", false],
    ["codec != 'hvc1'", true],
    ["app != 'live'", false],
    ["name ~ 'cam'", true],
    ["name ~ 'cam*'", false],
    ["name ~ 'studio/*'", true],
    ["name ~ '*'", false],
    ["name ~ '**'", true],
    ["name ~ 'studio/cam-?'", false],
    ["name ~ 'studio/cam-?*'", true],
    ["name ~ '.*'", false],
    ["encoder ~ 'obs'", false],
    ["encoder ~ 'OBS'", true],
    ["label.site == 'a'", true],
    [`label.room.no-1 == "it's"`, true],
    ["label.empty ~ ''", true],
    ["label.other ~ ''", false],
    ["!(label.other ~ '')", true],
    ["label.other != 'x'", false],
    ["label.constructor ~ ''", false],
    ["label.__proto__ ~ ''", false],
    ['declaredFps > 0', false],
    ['!declaredFps > 0', true],
    ['declaredFps != 5', false],
    ['true', true],
    ['false || !false', true],
    ['false && true || true', true],
    ['false && (true || true)', false],
    ['!!(width == 1920)', true],
    ['  width\t==\n1920 ', true],
    ['gopMs <= 2000 && timeToReadyMs < 500 && channels == 2 && sampleRate == 48000 && kbps > 4000', true],
    ["transport == 'rtmp'", true],
  ])('finds that %s is %s', (text, expected) => {
    expect(holds(text)).toBe(expected);
  });

  it('names each fact of an expression once', () => {
    expect([...readWhere("width > 1 && width < 9 || label.a == 'x'").where!.facts]).toEqual(['width', 'label.a']);
  });

  it.each([
    ['', 0, 'the end stands here', undefined],
    ['widht > 1', 0, 'there is no fact widht', 'width'],
    ['width > 1 && heigth > 1', 13, 'there is no fact heigth', 'height'],
    ['label > 1', 0, 'label names no label', undefined],
    ['labels.site == "a"', 0, 'labels.site names no label', undefined],
    ['label.Site == "a"', 0, 'label.Site names no label', undefined],
    ['width', 5, 'the end stands here', undefined],
    ['label.site', 10, 'the end stands here', undefined],
    ['width = 1', 6, '"=" stands here', '=='],
    ['width > 1 & height > 1', 10, '"&" stands here', '&&'],
    ['width > 1 and height > 1', 10, 'and stands here', '&&'],
    ['not width > 1', 0, 'there is no fact not', '!'],
    ['width > 1 height', 10, 'height stands here', undefined],
    ['1 < width < 3', 10, '< stands here', undefined],
    ['(width > 1', 10, 'the end stands here', undefined],
    ['width > 1)', 9, ') stands here', undefined],
    ['width > ', 8, 'the end stands here', undefined],
    ['width > )', 8, ') stands here', undefined],
    ["width == 'a'", 9, 'width is a number', undefined],
    ['app == 5', 7, 'app is a text', undefined],
    ['5 == app', 0, 'app is a text', undefined],
    ['app == width', 7, 'app is a text', undefined],
    ["app > 'a'", 4, '> compares numbers', undefined],
    ["width ~ 'a'", 0, 'width is a number', undefined],
    ["'a' ~ app", 0, 'a text stands left of ~', undefined],
    ['app ~ name', 6, 'name stands right of ~', undefined],
    ['app ~ 5', 6, '5 stands right of ~', undefined],
    ['1 == 1', 0, 'two constants are compared', undefined],
    ['width == true', 9, 'true stands in a comparison', undefined],
    ["app == 'live", 7, 'a text has no closing quote', undefined],
    ['width > 1.', 8, 'a number cannot be read', undefined],
    ['width > 1e9', 8, 'a number cannot be read', undefined],
    ['width > -1', 8, '"-" stands here', undefined],
    ['width > 1; x', 9, '";" stands here', undefined],
    ['width > 😀', 8, '"😀" stands here', undefined],
    [`${'('.repeat(17)}width > 1`, 16, 'it is nested too deeply', undefined],
    [`${'!'.repeat(17)}true`, 16, 'it is nested too deeply', undefined],
    [Array(40).fill('fps>1').join('&&'), 227, 'it has too many parts', undefined],
    ["app == 'ü'".padEnd(513), 0, 'it is 514 bytes long', undefined],
    ['/(a+)+$/.test(name)', 0, '"/" stands here', undefined],
    ['name.length > 5', 0, 'there is no fact name.length', undefined],
    ['constructor == 1', 0, 'there is no fact constructor', undefined],
    ['process.exit(1)', 0, 'there is no fact process.exit', undefined],
  ])('refuses %s with the place and what was meant', (text, offset, says, near) => {
    const { problem } = readWhere(text);
    expect(problem).toMatchObject({ offset, says: expect.stringContaining(says) });
    if (near !== undefined) expect(problem?.near).toBe(near);
  });

  it('takes as many parts, levels and bytes as are allowed', () => {
    const parts = readWhere(Array(32).fill('fps>1').join('&&')).where;
    const levels = readWhere(`${'('.repeat(16)}width > 1${')'.repeat(16)}`).where;
    const bytes = readWhere("app == 'live'".padEnd(512)).where;
    expect([parts, levels, bytes].map((where) => where?.holds(facts))).toEqual([true, true, true]);
  });

  it('looks at a text with hundreds of wildcards without trying every way to share it', () => {
    const { where } = readWhere(`encoder ~ '${'*a'.repeat(200)}b'`);
    expect(where?.holds(jobFacts({ encoder: 'a'.repeat(256) }))).toBe(false);
  });
});
