import { MessageType } from '../../src/protocol/messages/message-types.js';
import { type Attack, endpoint, letGo, many, publisher, repeat, type Target, visitor } from './attack.js';
import { RawClient } from './raw-client.js';

/** Cycles of one command and `closeStream` on many connections. */
async function cycles(
  target: Target,
  say: (client: RawClient, index: number) => void,
): Promise<Readonly<Record<string, number>>> {
  const opened: (RawClient | undefined)[] = [];
  for (let i = 0; i < 20; i++) opened.push(await visitor(target, 1));
  let count = 0;
  await repeat(target, 25, async () => {
    for (const [i, client] of opened.entries()) {
      if (client === undefined || client.closed) {
        opened[i] = await visitor(target, 1);
        continue;
      }
      say(client, i);
      client.command(1, 'closeStream', 0, null);
      count++;
    }
  });
  letGo(opened.filter((client) => client !== undefined));
  return { cycles: count };
}

const playCycles: Attack = {
  name: 'play-cycles',
  says: '20 connections that play the good stream and stop, 40 times a second each',
  run: (target) => cycles(target, (client) => client.command(1, 'play', 0, null, target.stream, -1000)),
};

const publishCycles: Attack = {
  name: 'publish-cycles',
  beginsStreams: true,
  says: '20 connections that publish and stop, 40 times a second each',
  run: (target) => cycles(target, (client, i) => client.command(1, 'publish', 0, null, `cycle${i}`, 'live')),
};

const refusedNames: Attack = {
  name: 'refused-names',
  says: '20 connections that publish under names that are refused, and the name of the good stream',
  run: (target) =>
    cycles(target, (client, i) =>
      client.command(1, 'publish', 0, null, i % 2 === 0 ? `no such/name?key=${i}` : target.stream, 'live'),
    ),
};

/** Connections that come and go. */
const connectFlood: Attack = {
  name: 'connection-flood',
  says: 'connections as fast as they can be made, each closed at once, 200 at a time',
  async run(target) {
    let connections = 0;
    const one = async (): Promise<void> => {
      while (!target.over.aborted) {
        const client = await RawClient.open(endpoint(target)).catch(() => undefined);
        client?.destroy();
        connections++;
      }
    };
    await Promise.all(Array.from({ length: 200 }, one));
    return { connections };
  },
};

/** Connections that do the handshake and `connect`, and close. */
const connectChurn: Attack = {
  name: 'connect-churn',
  says: '50 at a time go through handshake and connect, and leave, as fast as they are let in',
  async run(target) {
    let connects = 0;
    const one = async (): Promise<void> => {
      while (!target.over.aborted) {
        const client = await visitor(target, 0);
        client?.destroy();
        connects++;
      }
    };
    await Promise.all(Array.from({ length: 50 }, one));
    return { connects };
  },
};

/** Handshakes at a byte a second. */
const slowHandshakes: Attack = {
  name: 'slow-handshakes',
  says: '2,000 connections that send their handshake at a byte a second',
  async run(target) {
    const opened = await many(target, 2000, () => RawClient.open(endpoint(target)));
    const byte = Buffer.from([3]);
    await repeat(target, 1000, () => {
      for (const client of opened) client.send(byte);
    });
    const open = opened.filter((client) => !client.closed).length;
    letGo(opened);
    return { connections: opened.length, open };
  },
};

const idleSockets: Attack = {
  name: 'idle-sockets',
  says: '5,000 connections that say nothing',
  async run(target) {
    const opened = await many(target, 5000, () => RawClient.open(endpoint(target)));
    await repeat(target, 500, () => undefined);
    letGo(opened);
    return { connections: opened.length };
  },
};

/** Control messages that cost the sender next to nothing. */
const ackFlood: Attack = {
  name: 'ack-flood',
  says: 'acknowledgements, ping requests and chunk sizes as fast as the server reads, on one publish',
  async run(target) {
    const client = await publisher(target, 'acks');
    if (client === undefined) return { messages: 0 };
    const four = (value: number): Buffer => {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(value);
      return payload;
    };
    const control = (type: number, payload: Buffer): Buffer =>
      client.frame({ type, messageStreamId: 0, timestamp: 0, payload });
    const round = Buffer.concat([
      control(MessageType.Acknowledgement, four(1)),
      control(MessageType.UserControl, Buffer.concat([Buffer.from([0, 6]), four(7)])),
      control(MessageType.SetChunkSize, four(60_000)),
      control(MessageType.WindowAckSize, four(2_500_000)),
    ]);
    const block = Buffer.concat(Array.from({ length: 500 }, () => round));
    let messages = 0;
    await repeat(target, 2, () => {
      while (!client.closed && client.unsent < 300_000) {
        client.send(block);
        messages += 2000;
      }
    });
    client.destroy();
    return { messages };
  },
};

/** Attacks by connections, control messages and commands. */
export const SOCKET_ATTACKS: readonly Attack[] = [
  playCycles,
  publishCycles,
  refusedNames,
  connectFlood,
  connectChurn,
  slowHandshakes,
  idleSockets,
  ackFlood,
];
