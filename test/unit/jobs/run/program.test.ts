import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram, findSetpriv, limitArguments } from '../../../../src/jobs/run/program.js';
import { tempDir } from '../../../support/temp.js';

function withFiles(): string {
  const folder = tempDir('programs');
  for (const sub of ['first', 'second', 'second/folder', 'work']) mkdirSync(join(folder, sub));
  for (const [name, mode] of [
    ['first/plain', 0o644],
    ['second/plain', 0o755],
    ['second/tool', 0o755],
    ['work/own', 0o755],
  ] as const) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), mode);
  }
  symlinkSync('/nowhere', join(folder, 'first', 'tool'));
  return folder;
}

describe('findProgram', () => {
  const folder = withFiles();
  const path = [join(folder, 'first'), join(folder, 'second')].join(':');

  it.each([
    ['tool', { path: join(folder, 'second/tool') }],
    ['plain', { path: join(folder, 'second/plain') }],
    ['folder', { code: 'EACCES' }],
    ['nothing', { code: 'ENOENT' }],
    ['', { code: 'ENOENT' }],
    ['own', { code: 'ENOENT' }],
    ['./own', { path: join(folder, 'work/own') }],
    ['../first/plain', { code: 'EACCES' }],
    ['../first/tool', { code: 'ENOENT' }],
  ])('looks for %j as the system does', (name, found) => {
    expect(findProgram(name, join(folder, 'work'), path)).toEqual(found);
  });

  it('finds what is an absolute path whatever the search path', () => {
    expect(findProgram(join(folder, 'work/own'), '/', '')).toEqual({ path: join(folder, 'work/own') });
  });
});

describe('findSetpriv', () => {
  it('takes none that cannot set the signal of the parent’s death', () => {
    const folder = tempDir('busybox');
    writeFileSync(join(folder, 'setpriv'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(folder, 'setpriv'), 0o755);
    expect(findSetpriv(folder)).toBeUndefined();
    expect(findSetpriv(tempDir('empty'))).toBeUndefined();
  });
});

describe('limitArguments', () => {
  it('has a program for each limit, and none without', () => {
    expect(limitArguments({})).toEqual([]);
    expect(limitArguments({ nice: 5, ionice: 3, memoryBytes: 1024 })).toEqual([
      ['nice', '-n', '5', '--'],
      ['ionice', '-c', '3', '--'],
      ['prlimit', '--as=1024', '--'],
    ]);
  });
});
