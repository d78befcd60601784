import { connect } from 'sluice/client';

/** Where the words go: a chat's incoming webhook, or nowhere but the terminal. */
const hook = process.env.ALERT_URL;
/** Names that should always be live, such as CAMERAS=live/cam1,live/cam2. */
const expected = (process.env.CAMERAS ?? '').split(',').filter((name) => name !== '');
/** How long one of them may be away. */
const GRACE_MS = 30_000;

async function say(text: string): Promise<void> {
  console.log(new Date().toISOString(), text);
  if (hook === undefined) return;
  const body = JSON.stringify({ text });
  await fetch(hook, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

const events = await connect({ url: 'nats://127.0.0.1:4222' });
process.once('SIGINT', () => events.close());

/** When each expected name was last seen to be away; not there: it is live. */
const away = new Map(expected.map((name) => [name, { since: Date.now(), told: false }]));
const timer = setInterval(() => {
  for (const [name, state] of away) {
    if (state.told || Date.now() - state.since < GRACE_MS) continue;
    state.told = true;
    void say(`${name} is not there`);
  }
}, 1000);

// Live streams first, then everything that happens: a camera that never came is known as well.
for await (const change of events.watchStreams('live/*')) {
  if (change.kind === 'state') away.delete(`${change.state.app}/${change.state.name}`);
  if (change.kind === 'synced') console.log('watching');
  if (change.kind !== 'event') continue;
  const { event } = change;
  if (event.type === 'io.sluice.stream.started') {
    if (away.get(event.subject)?.told === true) await say(`${event.subject} is back`);
    away.delete(event.subject);
  }
  if (event.type === 'io.sluice.stream.stalled') await say(`${event.subject} is silent: no ${event.data.kind}`);
  if (event.type === 'io.sluice.stream.recovered') await say(`${event.subject} has ${event.data.kind} again`);
  if (event.type === 'io.sluice.stream.ended' && expected.includes(event.subject)) {
    away.set(event.subject, { since: Date.now(), told: false });
  }
}
clearInterval(timer);
