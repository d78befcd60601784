import { constant, matching, object, type Shape, text, time } from '../../model/shape.js';

/** Ten digits are written; events of the first versions hold a number and stay valid. */
const sequence: Shape<string> = {
  anyOf: [
    { type: 'string', pattern: '^(?!0+$)[0-9]{10,}$' },
    { type: 'integer', minimum: 1 },
  ],
};

const id = (maxLength: number): Shape<string> => ({ type: 'string', minLength: 1, maxLength });

/**
 * A CloudEvents 1.0 event in structured JSON form. @param data its `data`; @param dataschema the `$id` of the schema of
 * that
 */
export function envelopeShape<T extends string, D>(type: T, dataschema: string, data: Shape<D>) {
  return object(
    {
      specversion: constant('1.0'),
      /**
       * `<streamId>:<seq>`, `<streamId>:end` for `stream.ended`, `<bootId>:<verb>` for node events, `<relayId>:<n>` and
       * `<relayId>:end` with `relayid`. Unique for ever.
       */
      id: id(128),
      /** `/sluice/<nodeId>/<bootId>`. */
      source: matching('^/sluice/[^/]+/[^/]+$'),
      type: constant(type),
      /** `<app>/<name>`, or the node id. */
      subject: text(1100),
      /** When it happened (RFC 3339), not when it was sent. */
      time,
      datacontenttype: constant('application/json'),
      dataschema: constant(dataschema),
      /**
       * 1, 2, 3 … per stream, without gaps, as ten digits (`0000000001`), so that it sorts as text. {@link sequenceOf}
       * reads it.
       */
      sequence,
      /** The stream id; for node events the boot id. */
      streamid: id(64),
      data,
    },
    {
      traceparent: matching('^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
      /** Of what a node tells of its copy of another node's stream: its relay, in which `sequence` counts then. */
      relayid: id(64),
    },
  );
}
