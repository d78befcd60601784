import { describe, expect, it } from 'vitest';
import { fileName, recordingUrl } from '../../../src/page/recordings.js';

describe('a recording on the page', () => {
  it('is fetched from where its path says, whatever stands in it', () => {
    expect(recordingUrl('live/cam1/20260101T120000Z-A.flv')).toBe('/v1/recordings/live/cam1/20260101T120000Z-A.flv');
    expect(recordingUrl('live/=3Cimg=3E/a?b#c.flv')).toBe('/v1/recordings/live/%3D3Cimg%3D3E/a%3Fb%23c.flv');
  });

  it('has the name of its file', () => {
    expect([fileName('live/cam1/a.flv'), fileName('a.flv')]).toEqual(['a.flv', 'a.flv']);
  });
});
