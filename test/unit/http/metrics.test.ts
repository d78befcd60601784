import { describe, expect, it } from 'vitest';
import { MetricsPage } from '../../../src/http/metrics.js';

describe('the page of metrics', () => {
  it('shows a histogram with its buckets, its sum and its count', async () => {
    const counts = [0, 1, 1, 2, 2, 2, 2, 2, 3];
    const text = await new MetricsPage().render([
      { name: 'sluice_copies_first_media_seconds', samples: [{ value: 12.5, counts }] },
    ]);
    expect(text).toContain('# TYPE sluice_copies_first_media_seconds histogram\n');
    expect(text).toContain('\nsluice_copies_first_media_seconds_bucket{le="0.05"} 0\n');
    expect(text).toContain('\nsluice_copies_first_media_seconds_bucket{le="10"} 2\n');
    expect(text).toContain(
      '\nsluice_copies_first_media_seconds_bucket{le="+Inf"} 3\n' +
        'sluice_copies_first_media_seconds_sum 12.5\nsluice_copies_first_media_seconds_count 3\n',
    );
  });

  it('escapes what operators name, and spells infinity as Prometheus does', async () => {
    const text = await new MetricsPage().render([
      { name: 'sluice_webhook_pending', samples: [{ value: 1, labels: { webhook: 'a"b\\c\nd' } }] },
      { name: 'sluice_memory_limit_bytes', samples: [{ value: Number.POSITIVE_INFINITY }] },
    ]);
    expect(text).toContain('sluice_webhook_pending{webhook="a\\"b\\\\c\\nd"} 1\n');
    expect(text).toContain('sluice_memory_limit_bytes +Inf\n');
  });
});
