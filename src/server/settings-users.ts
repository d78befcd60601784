import type { LiveSettings } from '../config/live-settings.js';
import type { Config } from '../config/table.js';
import type { LevelledLogger, Logger } from '../core/log.js';
import type { HttpServer } from '../http/server.js';
import { Webhooks } from '../webhooks/webhooks.js';
import { checkHttpBind } from './control.js';
import { copyLimits } from './copies.js';
import {
  flvDoorOptions,
  hubOptions,
  listenerOptions,
  liveStreamsOptions,
  recordingOptions,
  rpcOptions,
  tunnelOptions,
} from './options.js';
import { maxConnectionsOf, type Parts } from './parts.js';
import { relaysOptions } from './relays.js';
import { sharedObjectsOptions } from './shared-objects.js';

/** Hands changed settings on to the parts that take them while they run. */
export function tellParts(settings: LiveSettings, parts: Parts): void {
  settings.use({ apply: (config) => applyTo(parts, config) });
}

/** Changes the level of the server's own logger, if it is one that has levels. */
export function tellLogger(settings: LiveSettings, log: Logger | LevelledLogger): void {
  if (!('setLevel' in log)) return;
  settings.use({ apply: ({ log: { level } }) => log.setLevel(level) });
}

/** Changes the bearer tokens of the HTTP interface, and the bounds of wrong ones. */
export function tellTokens(settings: LiveSettings, http: Pick<HttpServer, 'setTokens' | 'limitGuesses'>): void {
  settings.use({
    check: (config) => checkHttpBind(config.http),
    apply: ({ http: { tokens, token, failuresPerMinutePerIp }, limits: { limitLoopback } }) => {
      http.setTokens(tokens, token);
      http.limitGuesses({ failuresPerMinutePerIp, limitLoopback });
    },
  });
}

/** Changes the webhooks. */
export function tellWebhooks(settings: LiveSettings, webhooks: Pick<Webhooks, 'change'>): void {
  settings.use({
    check: (config) => Webhooks.check(config.webhooks),
    apply: async (config, changed) => {
      if (changed.includes('webhooks')) await webhooks.change(config.webhooks);
    },
  });
}

/** Puts changed options into the parts. */
export function applyTo(parts: Parts, config: Config): void {
  const { listener, tunnel, hub, door, flv, objects, liveStreams, recorded, rpc, names, memory, recordings, relays } =
    parts;
  listener.change({ ...listenerOptions(config), maxConnections: maxConnectionsOf(config) });
  tunnel?.change(tunnelOptions(config));
  hub.change(hubOptions(config));
  door.stallAfterMs = config.publish.stallAfterMs;
  flv.change(flvDoorOptions(config));
  liveStreams.change(liveStreamsOptions(config));
  recorded.change(config.vod);
  objects.change(sharedObjectsOptions(config));
  relays.change(relaysOptions(config));
  parts.copies?.change(copyLimits(config));
  rpc?.change(rpcOptions(config));
  recordings.change(recordingOptions(config));
  names.change(config.names);
  memory.limitBytes = config.limits.memoryBytes;
}
