import type { Config } from '../../config/table.js';

/** What a server publishes and subscribes to, as examples/nats-permissions.conf allows it. */
export function neededSubjects({ events, cluster }: Pick<Config, 'events' | 'cluster'>): {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
} {
  const { prefix, stream } = events;
  const buckets = ['SLUICE_STREAMS', 'SLUICE_NODES', 'SLUICE_BANS', ...(cluster.enabled ? ['SLUICE_OWNERS'] : [])];
  const streams = [stream, ...buckets.map((bucket) => `KV_${bucket}`)];
  return {
    publish: [
      `${prefix}.>`,
      ...buckets.map((bucket) => `$KV.${bucket}.>`),
      ...streams.flatMap((each) => [`$JS.API.STREAM.INFO.${each}`, `$JS.API.STREAM.MSG.GET.${each}`]),
      ...(cluster.enabled ? ['$JS.API.STREAM.PURGE.KV_SLUICE_OWNERS', '$JS.API.STREAM.PURGE.KV_SLUICE_NODES'] : []),
    ],
    subscribe: [
      '_INBOX.>',
      `${prefix}.ctl.>`,
      '$SRV.>',
      '$KV.SLUICE_BANS.>',
      ...(cluster.enabled ? [`${prefix}.ring.>`, `${prefix}.reg.>`] : []),
    ],
  };
}
