import type { PlainValue } from '../core/plain.js';
import type { Ban } from '../model/ban.js';
import { relayKey, wantKey } from './cluster-lists.js';
import { JOB_HANDLERS } from './job-handlers.js';
import { kickAll } from './kick.js';
import type { InputOf, Verb } from './operations.js';
import { type Page, pageOf } from './page.js';
import type { Facts, Ports, RequestContext } from './ports.js';
import { type Selector, selectsPlay, selectsStream } from './select.js';
import { callFacts, STREAM_HANDLERS, toFacts, unknown } from './stream-handlers.js';

type Handlers = {
  readonly [V in Verb]: (ports: Ports, input: InputOf<V>, context: RequestContext) => Promise<Facts>;
};

/**
 * What each operation does. The answer is without `ok`. A handler refuses by throwing a `SluiceError` of a code that
 * has a status; the ports do so, too.
 */
export const HANDLERS: Handlers = {
  ...STREAM_HANDLERS,
  ...JOB_HANDLERS,
  'streams.list': async ({ nodeId, live }, input) => {
    const matches = live.streams().filter((stream) => selectsStream(input, stream));
    return listed(
      nodeId,
      'streams',
      pageOf(matches, ({ streamId }) => streamId, input.limit, input.cursor),
      toFacts,
    );
  },
  'streams.kick': (ports, input, context) => {
    const { live } = ports;
    const matches = live.streams().filter((stream) => selectsStream(input, stream));
    return kickAll(ports, matches, input, context, {
      verb: 'streams.kick',
      idOf: ({ streamId }) => streamId,
      kick: (id) => live.kickStream(id, input.reason),
    });
  },
  'plays.list': async (ports, input) => {
    const page = pageOf(playsOf(ports, input), ({ playId }) => playId, input.limit, input.cursor);
    return listed(ports.nodeId, 'plays', page, toFacts);
  },
  'plays.kick': async (ports, input, context) => {
    const matches = playsOf(ports, input);
    if (input.playId !== undefined && matches.length === 0) throw unknown(input.playId);
    return kickAll(ports, matches, input, context, {
      verb: 'plays.kick',
      idOf: ({ playId }) => playId,
      kick: (id) => ports.live.kickPlay(id, input.reason),
    });
  },
  'plays.call': async ({ live }, { playId, method, values, timeoutMs }) =>
    callFacts(await live.call({ playId }, method, values as readonly PlainValue[], timeoutMs), playId),
  'wants.list': async ({ nodeId, live }, { limit, cursor }) => {
    const page = pageOf(live.wants(), ({ app, name }) => wantKey(app, name, nodeId), limit, cursor);
    return listed(nodeId, 'wants', page, toFacts);
  },
  'relays.list': async ({ nodeId, relays }, { limit, cursor }) => {
    const page = pageOf(relays.list(), (item) => relayKey({ ...item, nodeId }), limit, cursor);
    return listed(nodeId, 'relays', page, toFacts);
  },
  'nodes.list': async ({ nodeId, node }) => ({ nodeId, nodes: [node.info()] }),
  info: async ({ node }) => node.info(),
  drain: async ({ node }, { deadlineMs, reconnectTo }) => {
    const { done, progress } = await node.drain({ deadlineMs, ...(reconnectTo === undefined ? {} : { reconnectTo }) });
    return { ...already(done), ...toFacts(progress) };
  },
  undrain: async ({ node }) => already(await node.undrain()),
  'config.get': async ({ nodeId, node }) => ({ nodeId, ...node.config.get() }),
  'config.validate': async ({ node }, { patch }) => toFacts(await node.config.validate(patch as Facts)),
  'config.set': async ({ node }, { patch, revision, reauthorise = false }) => {
    const options = revision === undefined ? { reauthorise } : { revision, reauthorise };
    return changeFacts(await node.config.set(patch as Facts, options));
  },
  'config.reload': async ({ node }, { reauthorise = false }) => changeFacts(await node.config.reload({ reauthorise })),
  'log.level': async ({ node }, { level }) => ({ ...already(node.log.level(level)), level }),
  'bans.list': async ({ bans }, { kind, limit, cursor }) => {
    const page = pageOf(await bans.list(kind), keyOfBan, limit, cursor);
    return { bans: page.items.map(toFacts), ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
  },
  'bans.add': async ({ bans, clock }, { kind, value, ttlMs, reason }, { actor }) => {
    const ban: Ban = { kind, value, untilMs: clock.wallMs() + ttlMs, reason, by: actor };
    return { ban: toFacts(await bans.add(ban)) };
  },
  'bans.remove': async ({ bans }, { kind, value }) => already(await bans.remove(kind, value)),
  'auth.test': async ({ authTest }, input) => {
    const { tcUrl, ...question } = input;
    return toFacts(await authTest.test(tcUrl === undefined ? question : { ...question, tcUrl }));
  },
  'webhooks.list': async ({ nodeId, webhooks }) => ({ nodeId, webhooks: webhooks.list().map(toFacts) }),
  'webhooks.test': async ({ webhooks }, { name }) => {
    const { kind, ...outcome } = await webhooks.test(name);
    return { taken: kind === 'taken', ...toFacts(outcome) };
  },
  'webhooks.replay': async ({ webhooks }, { name, since }) => ({
    events: await webhooks.replay(name, Date.parse(since)),
  }),
};

function playsOf({ live }: Ports, selector: Selector) {
  return live
    .plays()
    .filter((play) =>
      selectsPlay(selector, play, play.streamId === undefined ? undefined : live.stream(play.streamId)),
    );
}

function listed<T>(nodeId: string, member: string, page: Page<T>, show: (item: T & object) => Facts): Facts {
  const items = page.items.map((item) => show(item as T & object));
  return { nodeId, [member]: items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) };
}

function already(done: 'done' | 'already'): Facts {
  return done === 'already' ? { already: true } : {};
}

function changeFacts(change: { readonly changed: readonly string[] }): Facts {
  return { ...toFacts(change), ...(change.changed.length === 0 ? { already: true } : {}) };
}

function keyOfBan({ kind, value }: Ban): string {
  return `${kind}.${value}`;
}
