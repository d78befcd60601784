import { afterEach, describe, expect, it, vi } from 'vitest';
import { socketLoader } from '../../../src/page/socket-loader.js';

/** A connection that does what the test says. */
class FakeSocket {
  static last: FakeSocket;
  binaryType = 'blob';
  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.last = this;
  }

  close(): void {
    this.isClosed = true;
    this.onclose?.({ code: 1006, reason: '' });
  }
}

/** What the player's own loaders are made of. */
class Base {
  onDataArrival = vi.fn();
  onComplete = vi.fn();
  onError = vi.fn();

  destroy(): void {
    Object.assign(this, { onDataArrival: null, onComplete: null, onError: null });
  }
}

function opened() {
  vi.stubGlobal('WebSocket', FakeSocket);
  const Loader = socketLoader(Base as never);
  const loader = new Loader({} as never, {} as never);
  loader.open({ url: 'ws://x/live/cam1.flv' } as never, { from: 0, to: -1 });
  const { onDataArrival, onComplete, onError } = loader;
  return { loader, socket: FakeSocket.last, onDataArrival, onComplete, onError };
}

describe('what comes over a WebSocket', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('is given to the player with its place, until the connection is over', () => {
    const { socket, onDataArrival, onComplete, onError } = opened();
    expect([socket.url, socket.binaryType]).toEqual(['ws://x/live/cam1.flv', 'arraybuffer']);
    socket.onopen?.();
    const [one, other] = [new ArrayBuffer(13), new ArrayBuffer(7)];
    for (const data of [one, other]) socket.onmessage?.({ data });
    expect(vi.mocked(onDataArrival).mock.calls).toEqual([
      [one, 0, 13],
      [other, 13, 20],
    ]);
    socket.onclose?.({ code: 1000, reason: '' });
    expect(onComplete).toHaveBeenCalledWith(0, 19);
    expect(onError).not.toHaveBeenCalled();
  });

  it('is told as lost when the connection was never made', () => {
    const { socket, onComplete, onError } = opened();
    socket.onclose?.({ code: 1006, reason: '' });
    expect(onError).toHaveBeenCalledWith('Exception', { code: 1006, msg: '' });
    expect(onComplete).not.toHaveBeenCalled();
  });

  it('is over without a word when the player ends it, also while the connection is being made', () => {
    for (const isOpen of [true, false]) {
      const { loader, socket, onComplete, onError } = opened();
      if (isOpen) socket.onopen?.();
      loader.destroy();
      expect(socket.isClosed).toBe(true);
      expect([socket.onmessage, socket.onclose]).toEqual([null, null]);
      for (const told of [onComplete, onError]) expect(told).not.toHaveBeenCalled();
    }
  });
});
