import { describe, expect, it } from 'vitest';
import { programName } from '../../../src/core/program-name.js';

describe('the name of a program', () => {
  it.each([
    ['FMLE/3.0 (compatible; obs-studio/30.2.0; FMSc/1.0)', 'OBS 30.2'],
    ['FMLE/3.0 (compatible; obs-studio/29.1.3-beta2; FMSc/1.0)', 'OBS 29.1'],
    ['obs-output module (libobs version 30.2.0)', 'OBS 30.2'],
    ['FMLE/3.0 (compatible; Lavf59.27.100)', 'Lavf59.27'],
    ['Lavf59.27.100', 'Lavf59.27'],
    ['Lavf59.27', 'Lavf59.27'],
    ['FMLE/3.0 (compatible; FMSc/1.0)', 'FMSc/1.0'],
    ['FMLE/3.0 (compatible; ', 'FMLE/3.0 (compatible; '],
    ['LNX 9,0,124,2', 'LNX 9,0,124,2'],
    ['Wirecast 16.2.1', 'Wirecast 16.2.1'],
    ['', ''],
  ])('%j is shown as %j', (says, name) => {
    expect(programName(says)).toBe(name);
  });

  it('is at most 48 characters long, and no character is cut in two', () => {
    expect(programName('e'.repeat(48))).toBe('e'.repeat(48));
    expect(programName('e'.repeat(60_000))).toBe(`${'e'.repeat(47)}…`);
    expect(programName(`FMLE/3.0 (compatible; ${'📷'.repeat(60)})`)).toBe(`${'📷'.repeat(47)}…`);
  });
});
