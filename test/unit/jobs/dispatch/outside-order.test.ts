import { expect, it } from 'vitest';
import { outsideOrder } from '../../../../src/jobs/dispatch/outside-order.js';

it('tells of a run neither its ticket nor the keys of other URLs, which the worker gets', () => {
  const url = 'rtmp://127.0.0.1/live/cam1?jt=abcdefgh.ijklmnop';
  const target = 'rtmp://cdn.example/app/cam1?key=k-renditions';
  const run = { kind: 'exec', argv: ['ffmpeg', '-i', '{url}', target], env: {}, passEnv: [] };
  const record = { streamId: 'x', app: 'live', name: 'cam1', template: 'push', attempt: 1, snapshot: { labels: {} } };
  const made = outsideOrder({ run } as never, record as never, { token: 1, url, leaseMs: 1000 });
  expect(made.shown).toEqual(['ffmpeg', '-i', '***', 'rtmp://cdn.example/app/cam1?key=***']);
  expect(made.order).toMatchObject({ argv: ['ffmpeg', '-i', url, target] });
});
