import type { JobFacts } from '../../../src/jobs/template/template.js';

/** The facts of a stream that is ready, of which a test states what it is about. */
export function jobFacts(facts: Partial<JobFacts> = {}): JobFacts {
  return {
    streamId: '01JZ8Z4M1R3S5T7V9WBCDEFGHJ',
    app: 'live',
    name: 'cam1',
    labels: {},
    startedAt: '2026-01-31T12:00:00.000Z',
    transport: 'rtmp',
    width: 1920,
    height: 1080,
    fps: 29.97,
    kbps: 4500,
    videoCodec: 'avc1.64001f',
    audioCodec: 'mp4a.40.2',
    sampleRate: 48_000,
    channels: 2,
    gopMs: 2000,
    timeToReadyMs: 400,
    ...facts,
  };
}
