import { describe, expect, it } from 'vitest';
import { maskedBytes } from '../../../src/inspect/mask.js';
import { maskedPayload } from '../../../src/inspect/secrets.js';
import { RelaySeal } from '../../../src/live/relay-ticket.js';
import { type AmfInput, writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { helloObject } from '../../../src/protocol/messages/node-link.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { chunks } from '../../support/rtmp-wire.js';

const SECRET = 'hunter2SECRET';

/** What may be shown of a command with these values. */
function shown(...values: AmfInput[]): string {
  const payload = writeAmf0(...values);
  const masked = maskedPayload(20, payload, DEFAULT_CODEC_LIMITS);
  expect(masked.length).toBe(payload.length);
  return masked.toString('latin1');
}

describe('what may be shown of a command', () => {
  it.each([
    ['a query of a name', 'publish', `cam1?key=${SECRET}`],
    ['an escaped query of a name', 'publish', `cam1%3Fkey=${SECRET}`],
    ['a parameter without a query', 'releaseStream', `cam1&token=${SECRET}`],
    ['a semicolon', 'FCPublish', `cam1;pass=${SECRET}`],
    ['a query of what is played', 'play', `cam1?token=${SECRET}`],
    ['a ticket of a job', 'play', `cam1?jt=${SECRET}.${SECRET}`],
    ['a user and password in a name', 'play', `user@${SECRET}`],
  ])('is the name without %s', (_, command, name) => {
    const text = shown(command, 2, null, name, 'live');
    expect(text).toContain(command);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('key=');
  });

  it.each([
    ['a query', `rtmp://host/live?key=${SECRET}`],
    ['a password', `rtmp://user:${SECRET}@host/live`],
    ['a password with a slash', `rtmp://user:a/${SECRET}@host/live`],
    ['a fragment', `rtmp://host/live#${SECRET}`],
    ['quotes around it', `"rtmp://host/live?key=${SECRET}"`],
  ])('is a tcUrl without %s', (_, tcUrl) => {
    expect(shown('connect', 1, { app: 'live', tcUrl })).not.toContain(SECRET);
  });

  it('is what connect says of the client, and no member or argument that nobody knows', () => {
    const text = shown(
      'connect',
      1,
      {
        app: `live?token=${SECRET}`,
        flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
        tcUrl: 'rtmp://host/live',
        swfUrl: `http://${SECRET}@host/x.swf`,
        streamKey: SECRET,
        authToken: SECRET,
        whatever: SECRET,
        pin: 123456,
      },
      SECRET,
      4711,
    );
    expect(text).not.toContain(SECRET);
    expect(text).toContain('FMLE/3.0 (compatible; FMSc/1.0)');
    expect(text).toContain('rtmp://host/live');
    const masked = Buffer.from(text, 'latin1');
    const number = (value: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      return bytes;
    };
    expect([masked.includes(number(123_456)), masked.includes(number(4711)), masked.includes(number(1))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is of a command that nobody knows its name up to where a secret may begin', () => {
    const text = shown(`login?${SECRET}`, 3, { user: SECRET }, SECRET, 4711);
    expect(text).toContain('login*');
    expect(text).not.toContain(SECRET);
  });

  it('is of values that cannot be read no text', () => {
    const broken = Buffer.concat([
      writeAmf0('publish', 4, null),
      Buffer.from([0x13]),
      Buffer.from(`cam1?key=${SECRET}`),
    ]);
    const cut = writeAmf0('publish', 4, null, `cam1?key=${SECRET}`).subarray(0, -3);
    for (const payload of [broken, cut]) {
      const text = maskedPayload(20, payload, DEFAULT_CODEC_LIMITS).toString('latin1');
      expect(text).toContain('publish');
      expect(text).not.toContain(SECRET.slice(0, 6));
    }
  });

  it('is of text that is no UTF-8 nothing', () => {
    const name = Buffer.concat([Buffer.from([2, 0, 14, 0xff]), Buffer.from(SECRET)]);
    const payload = Buffer.concat([writeAmf0('publish', 4, null), name]);
    expect(maskedPayload(20, payload, DEFAULT_CODEC_LIMITS).toString('latin1')).not.toContain(SECRET);
  });
});

describe('what may be shown of the connect of another node', () => {
  const seal = new RelaySeal('a secret of the nodes');
  const epoch = { registry: '2026-11-27T02:00:00Z', revision: 7 };
  const ticket = seal.write({ from: 'n2', to: 'n1', app: 'live', name: 'cam', epoch }, 1_700_000_000_000);
  const hello = helloObject({ nodeId: 'n2', bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', ticket, path: ['n2'] });
  const payload = writeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live', sluice: hello });
  const parts = ticket.split('.');

  it('is nothing of its ticket, and that it is one', () => {
    const text = maskedPayload(20, payload, DEFAULT_CODEC_LIMITS).toString('latin1');
    for (const part of parts) expect(text).not.toContain(part.slice(0, 8));
    expect(text).toContain('sluice');
    expect(text).toContain('rtmp://host/live');
  });

  it('is nothing of its ticket in captured bytes, whole, and wherever they end', () => {
    const captured = chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload }, 128);
    const masks = (bytes: Buffer): string =>
      maskedBytes(bytes, DEFAULT_CODEC_LIMITS, { handshake: false }).toString('latin1');
    expect(masks(captured)).toContain('rtmp://host/live');
    for (let end = 1; end <= captured.length; end++) {
      const text = masks(captured.subarray(0, end));
      for (const part of parts) expect(text).not.toContain(part.slice(0, 8));
    }
  });
});

describe('what may be shown of other messages', () => {
  it('is stream metadata, without members that are named like a secret', () => {
    const payload = writeAmf0('@setDataFrame', 'onMetaData', {
      encoder: 'obs-output module (libobs version 30.0.2)',
      width: 1280,
      stream_key: SECRET,
      url: `rtmp://host/live?${SECRET}`,
    });
    const text = maskedPayload(18, payload, DEFAULT_CODEC_LIMITS).toString('latin1');
    expect(text).toContain('obs-output module (libobs version 30.0.2)');
    expect(text).toContain('onMetaData');
    expect(text).not.toContain(SECRET);
  });

  it('is audio and video without long text, and of unknown types no text', () => {
    const payload = Buffer.concat([
      Buffer.from([0x17, 1, 0, 0, 0]),
      Buffer.from(`cam1?key=${SECRET}`),
      Buffer.from([0, 1]),
    ]);
    for (const type of [8, 9, 22, 7, 0, 255])
      expect(maskedPayload(type, payload, DEFAULT_CODEC_LIMITS).toString('latin1')).not.toContain(SECRET);
    expect(maskedPayload(9, payload, DEFAULT_CODEC_LIMITS).subarray(0, 5)).toEqual(payload.subarray(0, 5));
  });

  it('is every number of a control message', () => {
    const window = Buffer.from('    ');
    expect(maskedPayload(5, window, DEFAULT_CODEC_LIMITS)).toEqual(window);
  });

  it('has no name of an app or a stream where names are stream keys', () => {
    const payload = writeAmf0('publish', 2, null, SECRET, 'live');
    const connect = writeAmf0('connect', 1, { app: `live/${SECRET}`, tcUrl: `rtmp://host/live/${SECRET}` });
    for (const bytes of [payload, connect]) {
      const masked = maskedPayload(20, bytes, DEFAULT_CODEC_LIMITS, { hidesNames: () => true }).toString('latin1');
      expect(masked).not.toContain(SECRET);
      expect(masked).toMatch(/publish|connect/);
    }
  });
});
