import { count, pattern, text, toggle } from './setting.js';

/** Spans for OpenTelemetry: the group `traces` of the table. */
export const TRACES_SETTINGS = {
  endpoint: pattern(
    /^(?:https?:\/\/\S+)?$/,
    'a URL such as http://127.0.0.1:4318, or nothing',
    '',
    'Collector that takes spans by OTLP over HTTP (JSON): Jaeger, Tempo, the OpenTelemetry Collector. A URL without a path gets `/v1/traces`. Empty: there are no traces. It needs packages that are not installed with Sluice: docs/traces.md.',
    { place: true },
  ),
  headers: pattern(
    /^(?:[\w-]+=[^,]*(?:,[\w-]+=[^,]*)*)?$/,
    'name=value, separated by commas',
    '',
    'Headers of requests to the collector, such as `authorization=Bearer …`.',
    { secret: true },
  ),
  serviceName: text(256, 'sluice', 'What the service is called in traces.'),
  samplePercent: count(
    0,
    100,
    100,
    'Share of streams that are traced, in percent. The id of the trace decides, so nodes and runners with the same share choose the same streams.',
  ),
  plays: toggle(false, 'Whether each play of a stream has a span, too.'),
} as const;
