import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { Socket } from 'node:net';

/** A WebSocket client for short text messages (RFC 6455), as much of one as OBS's remote control needs. */
export class TextSocket {
  readonly #socket: Socket;
  readonly #messages: string[] = [];
  #waiting: ((text: string) => void)[] = [];
  #buffer = Buffer.alloc(0);

  private constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', () => undefined);
    this.#take(head);
  }

  /** Connects to a port of loopback. */
  static open(port: number): Promise<TextSocket> {
    return new Promise((resolve, reject) => {
      const upgrade = request({
        host: '127.0.0.1',
        port,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-key': randomBytes(16).toString('base64'),
          'sec-websocket-version': '13',
        },
      });
      upgrade.once('upgrade', (_response, socket, head) => resolve(new TextSocket(socket as Socket, head)));
      upgrade.once('response', (response) => reject(new Error(`no WebSocket: status ${response.statusCode}`)));
      upgrade.once('error', reject);
      upgrade.end();
    });
  }

  /** Sends a text of less than 64 KiB in one masked frame. */
  send(text: string): void {
    const payload = Buffer.from(text);
    const mask = randomBytes(4);
    const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, 0, 0]);
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4])]));
  }

  /** The next text message. */
  next(): Promise<string> {
    const text = this.#messages.shift();
    return text === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(text);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      const b = this.#buffer;
      if (b.length < 2) return;
      const short = b[1] & 127;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (b.length < start) return;
      const length = short === 126 ? b.readUInt16BE(2) : short === 127 ? Number(b.readBigUInt64BE(2)) : short;
      if (b.length < start + length) return;
      this.#buffer = b.subarray(start + length);
      if ((b[0] & 15) !== 1) continue;
      const text = b.toString('utf8', start, start + length);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#messages.push(text);
      else waiting(text);
    }
  }
}
