import type { StreamReady, StreamStarted, StreamUpdated } from '../../events/event-types.js';
import type { LiveStreamFacts, StreamNews, Streams, Want } from '../ports.js';
import { type JobReason, type JobRecord, jobKey } from '../record/record.js';
import { factsOfStarted, factsOfWanted, factsWithReady, factsWithUpdate } from '../template/facts.js';
import type { JobFacts } from '../template/template.js';
import type { JobBook } from './job-book.js';
import type { HeldTemplate, TemplateSet } from './template-set.js';

/** What requests are made with. */
interface RequestDeps {
  readonly book: JobBook;
  readonly streams: Streams;
  readonly templates: TemplateSet;
  /** Does something in a moment, unless the runner stops first. */
  readonly later: (ms: number, work: () => Promise<void>) => void;
}

/** So long after the last player has gone a source on demand goes on, in ms: players connect again. */
const LINGER_MS = 5000;
/** So long after `unwanted` it is looked whether the name was published: the node says both in the same way, in ms. */
const LOOK_MS = 1000;

/** Decides which jobs are asked for, and which are over. Everything here may be told twice. */
export class Requests {
  readonly #deps: RequestDeps;

  constructor(deps: RequestDeps) {
    this.#deps = deps;
  }

  /** Whether there are templates for names that are wanted. */
  get hasSources(): boolean {
    return [...this.#deps.templates.all].some(({ template }) => template.on === 'wanted');
  }

  /** Acts upon an event. @throws SluiceError ERR_JOB_STORE: then it is to be told again */
  async news(news: StreamNews): Promise<void> {
    switch (news.verb) {
      case 'ended':
        await this.#over(news.streamId, news.sequence);
        await this.#sourceMayEnd(news);
        return;
      case 'idle':
        await this.#idle(news);
        await this.#sourceMayEnd(news);
        return;
      case 'active':
      case 'started':
      case 'ready':
      case 'updated': {
        const live = await this.#deps.streams.stream(news);
        const stream = withEvent(news, live);
        if (news.verb === 'active') await this.#ask(stream, (each) => isDueWhenActive(each, stream), true);
        else await this.#ask(stream, (each) => isDue(each, stream));
        return;
      }
      default:
    }
  }

  /** Compares a live stream with the records: asks for what is missing. */
  async compare(stream: LiveStreamFacts): Promise<void> {
    await this.#ask(stream, (each) => isDue(each, stream));
    const waits = [...this.#deps.templates.all].filter((each) => this.#mayBeActive(each, stream));
    if (waits.length === 0) return;
    const isActive = await this.#deps.streams.isActive(stream);
    if (isActive === undefined) return;
    for (const each of waits) {
      const { template } = each;
      const found = this.#recordOf(stream.streamId, template.name);
      if (!isActive) {
        if (found !== undefined && template.until === 'idle') await this.#stop(found.key, 'idle', 0);
      } else if (isDueWhenActive(each, stream) && (found === undefined || isIdle(found.record))) {
        // What is known of the stream may be older than the event that ended the job, unlike whether it is active.
        const sequence = Math.max(stream.sequence, found?.record.sequence ?? 0);
        await this.#deps.book.request(template.name, stream.facts, sequence, found !== undefined);
      }
    }
  }

  /** A job has ended because of what may have changed while it ended: it is asked for again where that is so. */
  async stoppedFor(reason: JobReason, record: JobRecord): Promise<void> {
    const { streams } = this.#deps;
    if (reason === 'idle' && record.streamId !== undefined) {
      const stream = await streams.stream({ ...record, streamId: record.streamId });
      if (stream !== undefined) await this.compare(stream);
    } else if (reason === 'unwanted') {
      const want = (await streams.wants()).find(({ app, name }) => app === record.app && name === record.name);
      if (want !== undefined) await this.wanted(want);
    }
  }

  /** Asks for the jobs of a name that is wanted. */
  async wanted(want: Want): Promise<void> {
    const { app, name, publishUrl } = want;
    const facts = factsOfWanted(app, name, publishUrl);
    for (const each of this.#deps.templates.all) {
      if (each.template.on !== 'wanted' || !each.matches(facts)) continue;
      await this.#deps.book.request(each.template.name, facts, 0, true);
    }
  }

  /** A name is published, or nobody waits for it any more. */
  unwanted(of: { readonly app: string; readonly name: string }): void {
    if (this.#wantRecords(of).length > 0) this.#deps.later(LOOK_MS, () => this.endUnwanted(of));
  }

  /** Ends the sources of a name that nobody plays and nobody waits for. @throws SluiceError ERR_JOB_STORE */
  async endUnwanted(of: { readonly app: string; readonly name: string }): Promise<void> {
    const records = this.#wantRecords(of);
    if (records.length === 0) return;
    const stream = await this.#deps.streams.named(of.app, of.name);
    if (stream !== undefined && (await this.#deps.streams.isActive(stream)) !== false) return;
    if ((await this.#deps.streams.wants()).some(({ app, name }) => app === of.app && name === of.name)) return;
    for (const key of records) await this.#deps.book.stop(key, 'unwanted');
  }

  /** Has every job of a stream end. */
  async #over(streamId: string, sequence: number): Promise<void> {
    // A record that another runner has made may not have come here yet: those of the templates are looked up.
    const names = [...this.#deps.templates.all].filter(({ template }) => template.on !== 'wanted');
    const keys = new Set(names.map(({ template }) => jobKey({ app: '', name: '', streamId, template: template.name })));
    for (const [key, { value }] of this.#deps.book.table.entries()) {
      if (value.streamId === streamId && value.state !== 'done') keys.add(key);
    }
    await Promise.all([...keys].map((key) => this.#stop(key, 'stream_ended', sequence)));
  }

  async #idle(news: StreamNews): Promise<void> {
    const { streamId, sequence } = news;
    const keys: string[] = [];
    for (const { template } of this.#deps.templates.all) {
      if (template.until !== 'idle') continue;
      const found = this.#recordOf(streamId, template.name);
      if (found !== undefined && found.record.state !== 'done' && found.record.sequence <= sequence)
        keys.push(found.key);
    }
    // An event that comes again may be older than the one that says that the stream is active.
    if (keys.length === 0 || (await this.#deps.streams.isActive(news)) === true) return;
    for (const key of keys) await this.#stop(key, 'idle', sequence);
  }

  async #sourceMayEnd(of: StreamNews): Promise<void> {
    if (this.#wantRecords(of).length > 0) this.#deps.later(LINGER_MS, () => this.endUnwanted(of));
  }

  async #ask(stream: LiveStreamFacts, isMeant: (each: HeldTemplate) => boolean, isAgain = false): Promise<void> {
    // A job that cannot be asked for holds up no other.
    const failed: unknown[] = [];
    for (const each of this.#deps.templates.all) {
      if (!isMeant(each) || !each.matches(stream.facts)) continue;
      const { name, until } = each.template;
      await this.#deps.book
        .request(name, stream.facts, stream.sequence, isAgain && until === 'idle')
        .catch((error: unknown) => void failed.push(error));
    }
    if (failed.length > 0) throw failed[0];
  }

  #mayBeActive({ template, matches }: HeldTemplate, { facts }: LiveStreamFacts): boolean {
    return (template.on === 'active' || template.until === 'idle') && matches(facts);
  }

  #recordOf(streamId: string, template: string): { readonly key: string; readonly record: JobRecord } | undefined {
    const key = jobKey({ app: '', name: '', streamId, template });
    const entry = this.#deps.book.table.entries().get(key);
    return entry === undefined ? undefined : { key, record: entry.value };
  }

  /** Keys of the sources of a name that are not over. */
  #wantRecords({ app, name }: { readonly app: string; readonly name: string }): string[] {
    // The template of a source that runs may be gone.
    const begin = jobKey({ app, name, template: '' });
    const out: string[] = [];
    for (const [key, { value }] of this.#deps.book.table.entries()) {
      if (!key.startsWith(begin) || value.streamId !== undefined) continue;
      if (value.state !== 'done' && value.state !== 'stopping') out.push(key);
    }
    return out;
  }

  async #stop(key: string, reason: 'stream_ended' | 'idle', sequence: number): Promise<void> {
    await this.#deps.book.stop(key, reason, sequence);
  }
}

/** What is known of a stream when an event comes: its state, and what the event says, which may be newer. */
function withEvent(news: StreamNews, live: LiveStreamFacts | undefined): LiveStreamFacts {
  const { streamId, app, name, sequence, verb, time } = news;
  const before: JobFacts = live?.facts ?? { streamId, app, name, labels: {} };
  const state = verb === 'ready' || live?.state === 'ready' ? 'ready' : (live?.state ?? 'live');
  return { streamId, app, name, state, facts: factsAfter(news, before, time), sequence };
}

function factsAfter({ verb, data }: StreamNews, before: JobFacts, time: string): JobFacts {
  if (verb === 'started') return { ...before, ...factsOfStarted(data as unknown as StreamStarted, time) };
  if (verb === 'ready') return factsWithReady(before, data as unknown as StreamReady);
  if (verb === 'updated') return factsWithUpdate(before, data as unknown as StreamUpdated);
  return before;
}

/** Whether a stream is where a template wants it. One that became ready earlier counts: it may have a label since. */
function isDue({ template }: HeldTemplate, stream: LiveStreamFacts): boolean {
  if (template.on === 'started') return true;
  return template.on === 'ready' && (stream.state === 'ready' || stream.state === 'suspended');
}

/** Whether a template wants a stream that is active. */
function isDueWhenActive(each: HeldTemplate, stream: LiveStreamFacts): boolean {
  const { on, until } = each.template;
  return on === 'active' || (until === 'idle' && isDue(each, stream));
}

/** Whether a job was over when nobody played its stream, and for no other reason. */
function isIdle({ state, reason }: JobRecord): boolean {
  return state === 'done' && reason === 'idle';
}
