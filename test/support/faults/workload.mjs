// One node under test: opens the event layer from dist/, drives streams at random (seeded) and writes a ledger of what
// an encoder was told to standard output, one JSON object a line. Commands come on standard input, one word a line.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { watchDisk } from './disk-watch.mjs';
import { watchStandStill } from './stand-still.mjs';

const settings = JSON.parse(process.argv[2]);
const { EventLayer } = await import(new URL('../../../dist/src/events/event-layer.js', import.meta.url));
const { newId } = await import(new URL('../../../dist/src/core/ids.js', import.meta.url));

/** How long this thread has waited for the reader of the ledger. */
let toldMs = 0;

function tell(line) {
  // Synchronous: a line that was written survives the SIGKILL that follows it. A test that is busy reads late, and its
  // time is not ours.
  const fromMs = performance.now();
  writeSync(1, `${JSON.stringify(line)}\n`);
  toldMs += performance.now() - fromMs;
}

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const random = seeded(settings.seed);
const between = (low, high) => low + Math.floor(random() * (high - low + 1));
/** While it is held the workload makes no step. */
let held = Promise.resolve();
let release = () => undefined;
const pause = async (ms) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  await held;
};

let wallShiftMs = 0;
const clock = { wallMs: () => Date.now() + wallShiftMs, monotonicMs: () => performance.now() };
const log = {
  debug() {},
  info: (fields, message) => tell({ t: 'log', level: 'info', message, fields }),
  warn: (fields, message) => tell({ t: 'log', level: 'warn', message, fields }),
  error: (fields, message) => tell({ t: 'log', level: 'error', message, fields }),
};

/**
 * Dies at the n-th time the workload comes by the place that `dieAt` names; what was told before that is in the ledger.
 */
let dieAfter = settings.dieAt?.count ?? 0;
function place(name) {
  if (name === settings.dieAt?.place && --dieAfter === 0) process.kill(process.pid, 'SIGKILL');
}

let shown = 0;
if (settings.dieAt !== undefined || settings.tellDisk === true) {
  await watchDisk({
    onSyncing: () => shown,
    onSynced: (file, bytes, shownBefore) => {
      if (settings.tellDisk === true) tell({ t: 'synced', file, bytes, shown: shownBefore });
    },
    onCut: (file, bytes) => {
      if (settings.tellDisk === true) tell({ t: 'cut', file, bytes });
    },
    onDone: place,
  });
}

const bootId = newId();
const pipeline = await EventLayer.open(settings.events, { log, clock, nodeId: settings.nodeId ?? 'node-1', bootId });
const { lifecycle } = pipeline;
if (settings.tellDisk === true) {
  pipeline.log.subscribe((entry) => {
    tell({ t: 'shown', event: entry.id });
    shown++;
  });
}
await lifecycle.nodeStarted({});
await lifecycle.nodeReady();
tell({ t: 'open', bootId });
pipeline.bus?.onFenced((ids) => {
  for (const id of ids) {
    tell({ t: 'fenced', id });
    end(id, 'node_lost');
  }
});

// Media goes on while everything else happens: a main thread that stands still is a stall that players would see.
const standStill = watchStandStill(() => toldMs);
setInterval(() => tell({ t: 'stats', ...standStill.worst(), ...pipeline.stats() }), 100);

const live = new Set();
let stopping = false;
let resting = false;
const peer = { address: '127.0.0.1', port: 40000 };
const track = { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720, fps: 30 };

function end(id, reason) {
  if (!live.delete(id)) return;
  lifecycle.streamEnded(id, { reason, bytes: between(1, 1e9), audioFrames: 1, videoFrames: 1, drops: 0 });
  tell({ t: 'ended', id });
  place('ended');
}

async function session(index) {
  const id = newId();
  const name = settings.names === undefined ? `cam${index}` : settings.names[index % settings.names.length];
  tell({ t: 'asked', id });
  try {
    const asked = lifecycle.streamStarted({
      streamId: id,
      app: 'live',
      name,
      connectionId: newId(),
      peer,
      transport: 'rtmp',
      encoder: 'workload',
    });
    place('asked');
    await asked;
  } catch (error) {
    tell({ t: 'refused', id, code: error.code });
    lifecycle.streamRejected({
      attemptId: newId(),
      app: 'live',
      name,
      connectionId: newId(),
      peer,
      reason: 'journal',
      code: error.code,
      latencyMs: 1,
    });
    return false;
  }
  live.add(id);
  tell({ t: 'started', id });
  place('started');
  await pause(between(0, settings.stepMs));
  if (!live.has(id)) return true;
  if (random() < 0.9) lifecycle.streamReady(id, { tracks: [track], gopMs: 2000, timeToReadyMs: between(1, 500) });
  for (let steps = between(0, 6); steps > 0 && live.has(id); steps--) {
    await pause(between(0, settings.stepMs));
    if (!live.has(id)) return true;
    const dice = random();
    if (dice < 0.3) {
      lifecycle.streamSuspended(id, { resumeWindowMs: 5000, cause: 'client_reset' });
      await pause(between(0, settings.stepMs));
      if (live.has(id) && random() < 0.8) lifecycle.streamResumed(id, { connectionId: newId(), peer, gapMs: 10 });
    } else if (dice < 0.5) {
      lifecycle.streamUpdated(id, { before: { width: 1280 }, after: { width: 1920, tracks: [track] } });
    } else if (dice < 0.7) {
      const playerId = newId();
      lifecycle.playStarted(id, { playerId, connectionId: newId(), peer });
      lifecycle.streamActive(id, { players: 1 });
      if (random() < 0.7)
        lifecycle.playEnded(id, { playerId, bytes: 1, drops: 0, durationMs: 1, reason: 'client_closed' });
    } else {
      lifecycle.streamData(id, { handler: 'onTextData', timestamp: 1, values: ['text', steps] });
    }
  }
  await pause(between(0, settings.stepMs));
  const lingers = settings.linger === true || (settings.lingerShare !== undefined && random() < settings.lingerShare);
  if (!lingers) end(id, 'client_unpublish');
  return true;
}

async function workload() {
  let next = 0;
  const worker = async () => {
    while (!stopping && !resting && next < settings.streams) {
      await held;
      const index = next++;
      // An encoder that is refused comes back, as encoders do.
      while (!stopping && !(await session(index))) await pause(100);
    }
  };
  await Promise.all(Array.from({ length: settings.concurrency ?? 40 }, worker));
  tell({ t: 'worked' });
}

async function settle() {
  while (pipeline.stats().pending > 0) await pause(20);
  tell({ t: 'settled', ...standStill.worst(), ...pipeline.stats() });
}

async function stop(reason) {
  stopping = true;
  for (const id of [...live]) end(id, reason);
  await lifecycle.nodeStopped({});
  await pipeline.close(4000);
  tell({ t: 'closed', ...pipeline.stats() });
  process.exit(0);
}

process.once('SIGTERM', () => void stop('server_drain'));
createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, argument] = line.split(' ');
  if (word === 'settle') void settle();
  if (word === 'end') {
    const share = argument === undefined ? 1 : Number(argument);
    for (const id of [...live]) if (share === 1 || random() < share) end(id, 'client_closed');
  }
  if (word === 'rest') resting = true;
  if (word === 'shift') wallShiftMs += Number(argument);
  if (word === 'stop') void stop('server_drain');
  if (word === 'live') tell({ t: 'live', ids: [...live], pending: pipeline.stats().pending });
  if (word === 'hold') {
    held = new Promise((resolve) => {
      release = resolve;
    });
  }
  if (word === 'go') release();
});
if (settings.streams > 0) void workload();
