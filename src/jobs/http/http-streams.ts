import { SluiceError } from '../../core/errors.js';
import type { LiveStreamFacts, Streams, TicketAnswer, Want } from '../ports.js';
import { factsOfState } from '../template/facts.js';

/** Facts of a request or an answer of control. */
type Facts = Readonly<Record<string, unknown>>;

/** What control answers. */
type ControlAnswer = { readonly ok: true; readonly answer: Facts } | { readonly ok: false; readonly problem: Facts };

/** Asks the server for an operation of control. Never rejects. */
export type AskControl = (
  verb: 'streams.list' | 'get' | 'wants.list' | 'ticket',
  input: Facts,
) => Promise<ControlAnswer>;

/** Streams that are asked for at a time. */
const PAGE = 500;

/** The streams of one server, asked over HTTP. */
export class HttpStreams implements Streams {
  readonly #ask: AskControl;

  constructor(ask: AskControl) {
    this.#ask = ask;
  }

  async live(): Promise<readonly LiveStreamFacts[]> {
    return this.#list('streams.list', 'streams', {}).then((items) => items.flatMap((each) => liveFacts(each) ?? []));
  }

  async stream(of: { app: string; name: string; streamId: string }): Promise<LiveStreamFacts | undefined> {
    return liveFacts(await this.#get(of.streamId));
  }

  async named(app: string, name: string): Promise<LiveStreamFacts | undefined> {
    const found = await this.#list('streams.list', 'streams', { app, name });
    return found.flatMap((each) => liveFacts(each) ?? []).find((each) => each.app === app && each.name === name);
  }

  /** A server that does not know a stream has ended it, or has been started since. */
  async hasEnded(streamId: string): Promise<boolean> {
    return (await this.#get(streamId)) === undefined;
  }

  /** Those that are not in the list of live streams. */
  async endedOf(streamIds: readonly string[]): Promise<ReadonlySet<string>> {
    const live = new Set((await this.live()).map(({ streamId }) => streamId));
    return new Set(streamIds.filter((streamId) => !live.has(streamId)));
  }

  async isActive({ streamId }: { streamId: string }): Promise<boolean | undefined> {
    const stream = await this.#get(streamId);
    return typeof stream?.['players'] === 'number' ? stream['players'] > 0 : undefined;
  }

  async wants(): Promise<readonly Want[]> {
    const found = await this.#list('wants.list', 'wants', {});
    return found.flatMap((each) => {
      const { app, name, urls } = each as { app?: unknown; name?: unknown; urls?: { rtmp?: unknown } };
      if (typeof app !== 'string' || typeof name !== 'string') return [];
      return [{ app, name, ...(typeof urls?.rtmp === 'string' ? { publishUrl: urls.rtmp } : {}) }];
    });
  }

  async ticket(streamId: string, template: string, token: number): Promise<TicketAnswer> {
    const outcome = await this.#ask('ticket', { streamId, template, token });
    if (outcome.ok) {
      const url = outcome.answer['url'];
      return typeof url === 'string' ? { kind: 'ticket', url } : { kind: 'unavailable', text: 'there is no URL' };
    }
    const { code, detail } = outcome.problem;
    const text = `${String(code)} ${typeof detail === 'string' ? detail : ''}`.trim();
    if (code === 'ERR_JOB_FENCED') return { kind: 'fenced', text };
    return { kind: code === 'ERR_CTL_STREAM_UNKNOWN' ? 'gone' : 'unavailable', text };
  }

  async #get(streamId: string): Promise<Facts | undefined> {
    const outcome = await this.#ask('get', { streamId });
    if (outcome.ok) return outcome.answer;
    if (outcome.problem['code'] === 'ERR_CTL_STREAM_UNKNOWN') return undefined;
    throw refused(outcome.problem);
  }

  /** All pages of a list. */
  async #list(verb: 'streams.list' | 'wants.list', member: string, input: Facts): Promise<readonly unknown[]> {
    const out: unknown[] = [];
    let cursor: unknown;
    do {
      const page = { ...input, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
      const outcome = await this.#ask(verb, page);
      if (!outcome.ok) throw refused(outcome.problem);
      const items = outcome.answer[member];
      if (Array.isArray(items)) out.push(...(items as unknown[]));
      cursor = outcome.answer['cursor'];
    } while (typeof cursor === 'string');
    return out;
  }
}

function liveFacts(value: unknown): LiveStreamFacts | undefined {
  const { streamId, app, name, state } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof streamId !== 'string' || typeof app !== 'string' || typeof name !== 'string') return undefined;
  const phase = state === 'ready' || state === 'suspended' ? state : 'live';
  return {
    streamId,
    app,
    name,
    state: phase,
    facts: factsOfState(value as Parameters<typeof factsOfState>[0]),
    sequence: 0,
  };
}

function refused({ code, detail }: Facts): SluiceError {
  return new SluiceError('ERR_JOB_STORE', `${String(code)} ${typeof detail === 'string' ? detail : ''}`.trim());
}
