import { setPriority } from 'node:os';
import { attacksNamed } from './attacks.js';

// Attacks in a process of their own, all that are named at once. The process has a low priority, because the delay of
// the good players is measured on the same core. Prints {"name":{…}} with what got through. node attack-main.js
// RTMP_PORT HTTP_PORT STREAM SECONDS NAME…

const [rtmpPort, httpPort, stream, seconds, ...names] = process.argv.slice(2);
setPriority(10);
const over = AbortSignal.timeout(Math.round(Number(seconds) * 1000));
const results = await Promise.all(
  attacksNamed(names).map(async (attack, i) => {
    // Each attack has an address of its own.
    const address = `127.0.0.${66 + i}`;
    const target = { rtmpPort: Number(rtmpPort), httpPort: Number(httpPort), address, stream, over };
    return [attack.name, await attack.run(target)] as const;
  }),
);
process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`);
process.exit(0);
