import { createInterface } from 'node:readline';
import { SharedObject } from 'sluice/client';

const name = process.argv[2] ?? 'somebody';
const room = await SharedObject.use('rtmp://127.0.0.1:1935/live', 'chat');
room.on('message', (_handler, [who, text]) => console.log(`${who}: ${text}`));
room.on('change', (who, isHere) => console.log(isHere === true ? `${who} is here` : `${who} has left`));
room.on('closed', (error) => console.log(error?.message ?? 'bye'));
room.set(name, true);

for await (const line of createInterface({ input: process.stdin })) room.send('say', name, line);
room.remove(name);
await room.close();
