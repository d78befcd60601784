// What is said of AMF3 and of aggregate messages, and the tests that show it. See rows.mjs for the form.
const RED5 = 'test/interop/red5.interop.ts';
const DATA = 'test/unit/protocol/server/session-messages.test.ts';
const SESSION = 'test/unit/protocol/server/session-amf3.test.ts';
const SCANNER = 'test/unit/wasm/amf-scanner-amf3.test.ts';
const HOSTILE = 'test/integration/hostile-amf.test.ts';
const AGGREGATE = 'test/conformance/aggregate.test.ts';
const PLAYERS = 'test/integration/players.test.ts';

const bytes = (file, test) => ({ client: 'bytes', file, test });
const red5 = (test) => ({ client: 'Red5 client 1.3.37', file: RED5, test });

export const AMF3_ROWS = [
  ['publish and play with objectEncoding 3', red5('publishes by rtmp in AMF3, and a second one plays it as it is')],
  ['a call with an object, in AMF3', red5('calls a program on NATS in AMF3')],
  [
    'shared objects between AMF3 and AMF0',
    red5('shares an object with another one: changes, messages and removals, in AMF3'),
  ],
  [
    'commands of type 17',
    bytes(SESSION, 'a command in AMF3'),
    { none: 'Red5 sends AMF3 in messages of type 20' },
  ],
  ['byte arrays in data (OBS before 30.2)', bytes(SESSION, 'with a byte array stays AMF3')],
  ['every type, and references', bytes(SCANNER, 'every type of AMF3'), bytes(SCANNER, 'references of AMF3')],
  ['script data in types 15 and 18, in AMF0 and AMF3', bytes(DATA, 'data messages'), bytes(SESSION, 'data in AMF3')],
  [
    'AMF3 that is nested, cut off, or of counts and references that cannot be',
    bytes(HOSTILE, 'AMF3'),
    bytes(SCANNER, 'limits of AMF0 bind AMF3'),
  ],
];

export const AGGREGATE_ROWS = [
  [
    'aggregates of publishers: their times',
    bytes(AGGREGATE, 'are taken apart: times count'),
    { none: 'encoders of today send none' },
  ],
  ['an aggregate whose last tag is cut off', bytes(AGGREGATE, 'end with a tag that is cut off')],
  [
    'aggregates for players that ask',
    bytes(PLAYERS, 'gives a player that asks aggregates'),
    { none: 'Flash Player was sent them by Flash Media Server' },
  ],
];
