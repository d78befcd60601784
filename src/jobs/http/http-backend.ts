import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../core/log.js';
import { TroubleLog } from '../../core/trouble-log.js';
import { followHttp } from '../../events/consume/follow-http.js';
import type { AnySluiceEvent } from '../../events/event-types.js';
import type { StreamListener, StreamNews, Want } from '../ports.js';
import { type JobRecord, jobIdOf } from '../record/record.js';
import type { Backend } from '../runner/runner.js';
import type { StartedFacts } from '../tell/job-event.js';
import type { JobTeller } from '../tell/tell.js';
import type { JobTemplate } from '../template/template.js';
import type { FileTable } from './file-table.js';
import { type AskControl, HttpStreams } from './http-streams.js';

/** What the backend is made with. */
interface HttpBackendDeps {
  readonly jobs: FileTable<JobRecord>;
  readonly templates: FileTable<JobTemplate>;
  /** `http://HOST:PORT`. */
  readonly base: string;
  /** Headers with a token, or none. */
  readonly headers: Readonly<Record<string, string>>;
  readonly ask: AskControl;
  readonly log: Logger;
}

/** How often the names that players wait for are asked for, in ms: a server without NATS tells nobody. */
const WANTS_MS = 1000;
/** Before a server that does not answer is asked again, in ms. */
const RETRY_MS = 1000;

/** Records in a folder, the streams of one server: one runner, without NATS. */
export class HttpBackend implements Backend {
  readonly jobs: FileTable<JobRecord>;
  readonly templates: FileTable<JobTemplate>;
  readonly runners = undefined;
  readonly streams: HttpStreams;
  readonly tell: JobTeller;
  readonly #deps: HttpBackendDeps;
  readonly #stopping = new AbortController();

  constructor(deps: HttpBackendDeps) {
    this.#deps = deps;
    this.jobs = deps.jobs;
    this.templates = deps.templates;
    this.streams = new HttpStreams(deps.ask);
    this.tell = new LogTeller(deps.log);
  }

  async follow(listener: StreamListener, compare: () => void): Promise<void> {
    void this.#followEvents(listener, compare);
    void this.#followWants(listener);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
  }

  async #followEvents(listener: StreamListener, compare: () => void): Promise<void> {
    const { base, headers, log } = this.#deps;
    const { signal } = this.#stopping;
    const trouble = new TroubleLog(log, 'jobs: events cannot be followed; it is tried again each second');
    while (!signal.aborted) {
      try {
        const notice = (text: string): void => {
          log.info(`jobs: ${text}`);
          compare();
        };
        const connected = async (): Promise<void> => {
          trouble.over();
          compare();
        };
        for await (const json of followHttp({ base, headers, since: undefined, signal, notice, connected })) {
          await this.#take(json, listener, compare);
        }
      } catch (error) {
        if (!signal.aborted) trouble.failed(error);
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #take(json: string, listener: StreamListener, compare: () => void): Promise<void> {
    const event = JSON.parse(json) as AnySluiceEvent;
    const data = event.data as unknown as Record<string, unknown>;
    const { streamId, app, name } = data;
    if (!event.type.startsWith('io.sluice.stream.') || typeof streamId !== 'string') return;
    const verb = event.type.slice('io.sluice.stream.'.length);
    if (verb === 'suspended' || verb === 'stalled') listener.flowing(streamId, false);
    if (verb === 'resumed' || verb === 'recovered') listener.flowing(streamId, true);
    const of = { streamId, app: String(app), name: String(name) };
    const news: StreamNews = { ...of, verb, sequence: Number(event.sequence), time: event.time, data };
    // What fails is found when streams and records are compared, which is soon.
    await listener.news(news).catch(() => compare());
  }

  async #followWants(listener: StreamListener): Promise<void> {
    const { signal } = this.#stopping;
    let before = new Map<string, Want>();
    while (!signal.aborted) {
      const wants = await this.streams.wants().catch(() => undefined);
      if (wants !== undefined) {
        const now = new Map(wants.map((want) => [`${want.app}/${want.name}`, want]));
        for (const [key, want] of now) if (!before.has(key)) listener.wanted(want);
        for (const [key, want] of before) if (!now.has(key)) listener.unwanted(want);
        before = now;
      }
      await delay(WANTS_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Without NATS what happens to jobs is in the log only. */
class LogTeller implements JobTeller {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  requested(record: JobRecord): void {
    this.#log.info({ job: jobIdOf(record), stream: `${record.app}/${record.name}` }, 'job requested');
  }

  started(_record: JobRecord, _facts: StartedFacts): void {}

  ended(_record: JobRecord): void {}

  progress(): void {}

  async ensureEnd(): Promise<void> {}
}
