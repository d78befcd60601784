import type { Mpegts } from './mpegts.js';

/**
 * Gives the player what comes over a WebSocket. The one of the player throws when it is ended while its connection is
 * being made, which is what leaving a view does.
 *
 * @param Base of the player
 */
export function socketLoader(Base: Mpegts.BaseLoaderConstructor): Mpegts.CustomLoaderConstructor {
  return class extends Base {
    #socket: WebSocket | undefined;
    #received = 0;

    constructor() {
      super('websocket');
    }

    override open({ url }: { readonly url: string }): void {
      const socket = new WebSocket(url);
      let isOpen = false;
      socket.binaryType = 'arraybuffer';
      socket.onopen = () => {
        isOpen = true;
      };
      socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        const from = this.#received;
        this.#received += data.byteLength;
        this.onDataArrival(data, from, this.#received);
      };
      socket.onclose = ({ code, reason }) => {
        if (isOpen) this.onComplete(0, this.#received - 1);
        else this.onError('Exception' as unknown as Mpegts.LoaderErrors, { code, msg: reason });
      };
      this.#socket = socket;
    }

    override abort(): void {
      const socket = this.#socket;
      if (socket === undefined) return;
      // Nothing is told of it any more.
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
      this.#socket = undefined;
    }

    override destroy(): void {
      this.abort();
      super.destroy();
    }
  };
}
