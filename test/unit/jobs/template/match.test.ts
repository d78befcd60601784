import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../../src/core/errors.js';
import { compileTemplate } from '../../../../src/jobs/template/match.js';
import { jobFacts } from '../../../support/jobs/facts.js';
import { templateOf } from '../../../support/jobs/template-text.js';

const compiled = (lines: string) => compileTemplate(templateOf(lines));

describe('compileTemplate', () => {
  it.each([
    ['{}', true],
    ['{ app: live }', true],
    ['{ app: liv }', false],
    ['{ app: "l*", name: "cam?" }', true],
    ['{ name: "CAM*" }', false],
    ['{ labels: { site: a } }', true],
    ['{ labels: { site: b } }', false],
    ['{ labels: { site: a, room: x } }', false],
    ['{ labels: { constructor: a } }', false],
    ['{ where: "width >= 1280" }', true],
    ['{ name: "cam*", labels: { site: a }, where: "width > 1920" }', false],
  ])('matches by %s: %s', (match, expected) => {
    const { matches } = compiled(`match: ${match}\nrun: { exec: [x] }`);
    expect(matches(jobFacts({ labels: { site: 'a' } }))).toBe(expected);
  });

  it.each([
    ['run: { exec: [ffmpeg, -i, "{url}"] }', true],
    ['run: { exec: [x], env: { U: "a {url}" } }', true],
    ['run: { exec: [x, "{{url}", "{name}"] }', false],
    ['run: { http: { start: { url: "http://h/" } } }', false],
    ['run: { http: { start: { url: "http://h/?u={url}" } } }', true],
    [`run: { http: { start: { url: "http://h/" }, stop: { url: "http://h/", body: '"{url}"' } } }`, true],
    ['run: { http: { start: { url: "http://h/", headers: { u: "{url}" } } } }', true],
    ['run: { http: { start: { url: "http://h/" }, beatUrl: "http://h/?{url}" } }', true],
    ['run: { queue: { subject: a } }', true],
    ['on: wanted\nrun: { queue: { subject: a } }', false],
    ['run: { worker: {} }', true],
    ['on: wanted\nrun: { worker: {} }', false],
  ])('says whether runs pull the stream: %s', (lines, expected) => {
    expect(compiled(lines).usesUrl).toBe(expected);
  });

  it('refuses a template whose expression nobody has checked', () => {
    const template = { ...templateOf('run: { exec: [x] }'), match: { where: 'widht > 1' } };
    expect(() => compileTemplate(template)).toThrow(SluiceError);
  });
});
