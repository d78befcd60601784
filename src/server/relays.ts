import type { PullSettings, PushSettings } from '../config/relay-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Door } from '../doors/door.js';
import type { RelayEvents } from '../events/relay-events.js';
import type { Hub } from '../hub/hub.js';
import { Relays, type RelaysOptions } from '../relay/relays.js';
import { connectTcp } from '../transport/tcp/connect.js';
import { connectTls } from '../transport/tls/connect.js';
import type { CodecPool } from '../wasm/pool.js';

/** What relays are made with. */
interface RelayDeps {
  readonly hub: Hub;
  readonly door: Door;
  readonly codecs: CodecPool;
  readonly events: Pick<RelayEvents, 'started' | 'failed' | 'ended'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The settings of relays. */
export function relaysOptions({ relay, play, rtmp }: Config): RelaysOptions {
  const { maxRelays, lingerMs, connectTimeoutMs, idleTimeoutMs } = relay;
  const limits = { connectTimeoutMs, idleTimeoutMs, chunkSize: rtmp.chunkSize };
  const push: readonly PushSettings[] = relay.push;
  return { push, pull: relay.pull.map(pullRule), maxRelays, lingerMs, maxLagBytes: play.maxLagBytes, limits };
}

/** The name of a stream is what follows the last slash, as ffmpeg takes URLs apart. */
function pullRule({ name, ...rule }: PullSettings): RelaysOptions['pull'][number] {
  const slash = name.lastIndexOf('/');
  return { ...rule, app: name.slice(0, slash), name: name.slice(slash + 1) };
}

/** Makes the relays of a server. Nothing is connected before {@link Relays.start}. */
export function makeRelays(config: Config, { clock, ...deps }: RelayDeps): Relays {
  return new Relays(relaysOptions(config), {
    ...{ ...deps, clock },
    nowMs: () => clock.monotonicMs(),
    connect: ({ host, port, isSecure }, signal) =>
      isSecure ? connectTls({ host, port, signal }) : connectTcp({ host, port, signal }),
  });
}
