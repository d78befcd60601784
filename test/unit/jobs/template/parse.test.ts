import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../../src/core/errors.js';
import { checkTemplates, parseTemplates, templateFromJson } from '../../../../src/jobs/template/parse.js';
import { tellProblem } from '../../../../src/jobs/template/problems.js';
import { checkText, templateOf } from '../../../support/jobs/template-text.js';

const RECORD = `version: 1
templates:
  - name: record
    match: { app: live, name: "cam*", labels: { site: "a" }, where: "width >= 1280 && codec ~ 'avc1'" }
    on: ready
    until: ended
    run:
      exec: [ffmpeg, -hide_banner, -i, "{url}", -c, copy, -t, 10, -progress, "pipe:3", "{out}/part.mp4"]
      env: { TZ: UTC }
      passEnv: [LD_LIBRARY_PATH]
    out: { dir: "/srv/rec/{app}/{name}/{streamId}", keepFailed: false }
    graceMs: 10s
    stallMs: 20000
    timeLimitMs: 1h
    retry: { max: 5, backoffMs: [1s, 1m], stableMs: 60000, never: [64, 78] }
    limits: { perRunner: 8, memoryBytes: 1073741824, nice: 5, ionice: 3 }
    runners: { labels: { gpu: "yes", floor: 3 } }
`;

describe('parseTemplates', () => {
  it('reads every key', () => {
    expect(parseTemplates([{ name: 'jobs.yaml', text: RECORD }])).toEqual([
      {
        name: 'record',
        match: { app: 'live', name: 'cam*', labels: { site: 'a' }, where: "width >= 1280 && codec ~ 'avc1'" },
        on: 'ready',
        until: 'ended',
        run: {
          kind: 'exec',
          argv: [
            ...['ffmpeg', '-hide_banner', '-i', '{url}', '-c', 'copy', '-t', '10', '-progress', 'pipe:3'],
            '{out}/part.mp4',
          ],
          env: { TZ: 'UTC' },
          passEnv: ['LD_LIBRARY_PATH'],
        },
        out: { dir: '/srv/rec/{app}/{name}/{streamId}', keepFailed: false },
        graceMs: 10_000,
        stallMs: 20_000,
        timeLimitMs: 3_600_000,
        retry: { max: 5, backoffMs: [1000, 60_000], stableMs: 60_000, never: [64, 78] },
        limits: { perRunner: 8, memoryBytes: 1_073_741_824, nice: 5, ionice: 3 },
        runners: { labels: { gpu: 'yes', floor: '3' } },
      },
    ]);
  });

  it('fills in every default', () => {
    expect(templateOf('run: { exec: [true] }')).toEqual({
      name: 't',
      match: {},
      on: 'ready',
      until: 'ended',
      run: { kind: 'exec', argv: ['true'], env: {}, passEnv: [] },
      graceMs: 10_000,
      stallMs: 0,
      timeLimitMs: 0,
      retry: { max: 5, backoffMs: [1000, 60_000], stableMs: 60_000, never: [64, 78] },
      limits: {},
      runners: { labels: {} },
    });
  });

  it('takes a run that tells its progress for one that can be seen to stand still', () => {
    expect(templateOf('run: { exec: [ffmpeg, -progress, "pipe:3"] }').stallMs).toBe(20_000);
    expect(templateOf('stallMs: 0\nrun: { exec: [ffmpeg, -progress, "pipe:3"] }').stallMs).toBe(0);
  });

  it('ends what is wanted when it is no longer', () => {
    expect(templateOf('on: wanted\nrun: { exec: [relay, "{publishUrl}"] }').until).toBe('unwanted');
    expect(templateOf('on: wanted\nuntil: exit\nrun: { exec: [relay, "{publishUrl}"] }').until).toBe('exit');
  });

  it('reads an http run, whose bodies are JSON unless a header says otherwise', () => {
    const { run } = templateOf(
      [
        'run:',
        '  http:',
        '    start:',
        '      url: "https://encode.example/{app}/{name}?job={jobId}"',
        '      headers: { authorization: "Bearer {secret}" }',
        `      body: '{{"url": "{url}", "width": {width?null}, "label": "{label.a?}"}'`,
        '    stop: { url: "https://encode.example/stop", method: DELETE }',
        '    beatUrl: "https://encode.example/{jobId}"',
        '    secretEnv: ENCODE_TOKEN',
      ].join('\n'),
    );
    expect(run).toEqual({
      kind: 'http',
      start: {
        url: 'https://encode.example/{app}/{name}?job={jobId}',
        method: 'POST',
        headers: { authorization: 'Bearer {secret}', 'content-type': 'application/json' },
        body: '{{"url": "{url}", "width": {width?null}, "label": "{label.a?}"}',
      },
      stop: { url: 'https://encode.example/stop', method: 'DELETE', headers: {} },
      beatUrl: 'https://encode.example/{jobId}',
      secretEnv: 'ENCODE_TOKEN',
    });
  });

  it('reads a queue run', () => {
    expect(templateOf('run: { queue: { subject: work.encode-1 } }').run).toEqual({
      kind: 'queue',
      subject: 'work.encode-1',
    });
  });

  it('reads a run for workers outside', () => {
    expect(templateOf('run: { worker: {} }').run).toEqual({ kind: 'worker' });
  });

  it('reads JSON, aliases, and names that objects have of their own', () => {
    const json = { version: 1, templates: [{ name: 'a', run: { exec: ['x'] } }] };
    expect(checkText(JSON.stringify(json)).templates).toHaveLength(1);
    const text = [
      'version: 1',
      'templates:',
      '  - { name: a, match: &m { labels: { __proto__: x, constructor: y } }, run: &r { exec: [x] } }',
      '  - { name: constructor, match: *m, run: *r }',
    ].join('\n');
    const { templates, problems } = checkText(text);
    expect(problems).toEqual([]);
    expect(Object.entries(templates[1]!.match.labels!)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(checkText('version: 1\ntemplates: []')).toEqual({ templates: [], problems: [], problemCount: 0 });
  });

  it('throws one error with everything that is wrong, each with its place, and quotes no value', () => {
    const text =
      'version: 1\ntemplates:\n  - nmae: a\n    on: redy\n    run: { http: { start: { url: "x://s3cret" } } }\n';
    let thrown: unknown;
    try {
      parseTemplates([{ name: 'jobs.yaml', text }]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(SluiceError);
    const { code, message, details } = thrown as SluiceError;
    expect(code).toBe('ERR_JOB_TEMPLATES_INVALID');
    expect(message).toContain('(and 3 more)');
    expect((details['problems'] as Parameters<typeof tellProblem>[0][]).map(tellProblem)).toEqual([
      expect.stringMatching(
        /^jobs\.yaml:3:5: ERR_JOB_TEMPLATE_KEY: templates\[0\]: there is no key nmae; did you mean name\? Expected: name, /,
      ),
      'jobs.yaml:3:5: ERR_JOB_TEMPLATE_KEY: templates[0]: name is missing',
      'jobs.yaml:4:9: ERR_JOB_TEMPLATE_VALUE: templates[0].on: it is redy; did you mean ready? Expected: ready, started, active, wanted',
      'jobs.yaml:5:34: ERR_JOB_TEMPLATE_VALUE: templates[0].run.http.start.url: its scheme is neither http nor https; expected an http or https URL',
    ]);
    expect(message).not.toContain('s3cret');
  });
});

describe('checkTemplates', () => {
  it('finds a name that stands in two files, and says where it stood first', () => {
    const text = 'version: 1\ntemplates:\n  - { name: a, run: { exec: [x] } }\n';
    const { problems } = checkTemplates(['a.yaml', 'b.yaml'].map((name) => ({ name, text })));
    expect(problems).toEqual([
      {
        code: 'ERR_JOB_TEMPLATE_DUPLICATE',
        ...{ file: 'b.yaml', line: 3, column: 13, path: 'templates[0].name' },
        ...{ says: 'the template at a.yaml:3 has this name, too', expected: 'a name of its own' },
      },
    ]);
  });

  it('keeps a hundred problems of a file, and counts all', () => {
    const text = `version: 1\ntemplates:\n${'  - { a: 1, b: 2 }\n'.repeat(200)}`;
    const { problems, problemCount } = checkText(text);
    expect([problems.length, problemCount]).toEqual([100, 800]);
  });

  it('takes 256 templates in all, and no more', () => {
    const file = (name: string, count: number) => ({
      name,
      text: `version: 1\ntemplates:\n${Array.from({ length: count }, (_, i) => `  - { name: ${name}-${i}, run: { exec: [x] } }\n`).join('')}`,
    });
    expect(checkTemplates([file('a', 128), file('b', 128)]).problemCount).toBe(0);
    expect(checkTemplates([file('a', 128), file('b', 129)]).problems).toMatchObject([
      { file: 'b', line: 1, column: 1 },
    ]);
    expect(checkTemplates([file('a', 257)]).problems).toMatchObject([
      { line: 3, says: expect.stringContaining('257') },
    ]);
  });
});

describe('templateFromJson', () => {
  it.each([
    ['exec', 'run: { exec: [x, "{url}"], env: { A: "{name}" }, passEnv: [B] }'],
    ['http', 'run: { http: { start: { url: "http://h/x" }, stop: { url: "http://h/y", body: "1" }, secretEnv: S } }'],
    ['queue', 'run: { queue: { subject: a.b } }'],
    ['worker', 'run: { worker: {} }'],
    ['all else', 'on: started\nout: { dir: "/srv/{app}" }\nlimits: { nice: 1 }\nrun: { exec: [x, "{width?-}"] }'],
  ])('gives back what was stored: %s', (_, lines) => {
    const template = templateOf(lines.replace('"{width?-}"', '"w{width?-}"'));
    expect(templateFromJson(JSON.parse(JSON.stringify(template)))).toEqual({ template });
  });

  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ name: 'a' }],
    [{ name: 'a', run: { kind: 'exec' } }],
    [{ name: 'a', run: { kind: 'exec', argv: ['sh', '{nam}'] } }],
    [{ name: 'a', run: { kind: 'shell', argv: ['x'] } }],
    [{ name: 'a', run: { kind: 'exec', argv: ['x'], shell: true } }],
    [{ name: '../a', run: { kind: 'exec', argv: ['x'] } }],
    [{ name: 'a', run: { kind: 'worker', argv: ['x'] } }],
    [{ name: 'a', run: { kind: 'queue', subject: 'sluice.v1.evt.x' } }],
    [{ name: 'a', run: { kind: 'exec', argv: ['x'] }, graceMs: -1 }],
    [{ name: 'a', run: { kind: 'exec', argv: ['x', '\ud800'] } }],
  ])('refuses %j with a code and a path, and without a place', (value) => {
    const { problems } = templateFromJson(value);
    expect(problems?.length).toBeGreaterThan(0);
    for (const problem of problems!) {
      expect(problem).not.toHaveProperty('line');
      expect(tellProblem(problem)).toMatch(/^ERR_JOB_TEMPLATE_[A-Z]+: /);
    }
  });
});
