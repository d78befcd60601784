import { describe, expect, it } from 'vitest';
import { deliveryOf } from '../../../../src/events/consume/delivery.js';
import type { Msg } from '../../../../src/nats/connection.js';

describe('a delivery', () => {
  const message = (reply: string) => ({ subject: 's', data: new Uint8Array(), reply }) as unknown as Msg;

  it('says where it stands in the stream and among what its consumer sent, in the short and the long form', () => {
    const expected = { position: 41, ordinal: 7, pending: 3 };
    expect(deliveryOf(message('$JS.ACK.EVENTS.c.1.41.7.1700000000.3'))).toMatchObject(expected);
    expect(deliveryOf(message('$JS.ACK._.hash.EVENTS.c.1.41.7.1700000000.3'))).toMatchObject(expected);
    expect(deliveryOf(message('$JS.ACK.hub.hash.EVENTS.c.1.41.7.1700000000.3.random'))).toMatchObject(expected);
  });

  it('is none without the reply subject of a consumer', () => {
    for (const reply of ['', '_INBOX.x', '$JS.ACK.EVENTS.c.1', '$JS.ACK.EVENTS.c.1.x.y.1700000000.3'])
      expect(deliveryOf(message(reply))).toBeUndefined();
  });
});
