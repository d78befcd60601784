import { Dispatcher } from '../../../src/control/dispatcher.js';
import type { AuditEntry, Facts, JobControl, Ports } from '../../../src/control/ports.js';
import { SluiceError } from '../../../src/core/errors.js';
import { silentLogger } from '../../../src/core/log.js';
import type { LiveControl } from '../../../src/live/live-control.js';
import type { Ban } from '../../../src/model/ban.js';
import type { PlaySnapshot } from '../../../src/model/play-snapshot.js';
import type { StreamSnapshot } from '../../../src/model/snapshot.js';

/** The wall clock of every node here, at the start. */
export const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

/** What every run of a job gets. */
export const TICKET = { url: 'rtmp://192.0.2.1/live/cam1?jt=e30.x', expiresAt: '2026-01-01T12:01:00.000Z' };

/** A live stream. @param n makes its ids and its name */
export function streamOf(n: number, more: Partial<StreamSnapshot> = {}): StreamSnapshot {
  return {
    streamId: `01HZX00000000000000000000${n}`,
    app: 'live',
    name: `cam${n}`,
    state: 'ready',
    connectionId: `01HZX0000000000000000000C${n}`,
    startedAt: '2026-01-01T11:00:00.000Z',
    peer: { address: `192.0.2.${n}`, port: 5000 },
    transport: 'rtmp',
    tracks: [{ id: 0, kind: 'video', codec: 'avc1.64001f', width: 1280, height: 720 }],
    ...{ players: 2, bytesIn: 10, bytesOut: 20, videoFrames: 3, audioFrames: 4, drops: 0, kbpsIn: 5.5 },
    ...more,
  };
}

/** A play of a stream. */
export function playOf(n: number, stream: StreamSnapshot, more: Partial<PlaySnapshot> = {}): PlaySnapshot {
  return {
    playId: `01HZX0000000000000000000P${n}`,
    connectionId: `01HZX0000000000000000000D${n}`,
    app: stream.app,
    name: stream.name,
    streamId: stream.streamId,
    peer: { address: `198.51.100.${n}`, port: 6000 },
    startedAt: '2026-01-01T11:30:00.000Z',
    ...more,
  };
}

/** The one webhook of a node. */
const WEBHOOK = {
  ...{
    name: 'billing',
    url: 'https://hooks.example',
    format: 'cloudevents',
    state: 'failing',
    pending: 4,
    unread: 0,
  },
  ...{ delivered: 12, failed: 3, deadLetters: 1, lagMs: 61_000, problem: 'status 500' },
} as const;

/** A job of the stream of {@link streamOf}. */
const JOB = {
  ...{ jobId: '01HZX000000000000000000001/record', state: 'running', app: 'live', name: 'cam1', template: 'record' },
  ...{ attempt: 1, failures: 0 },
} as const;

/** Jobs of which there is one. */
function fakeJobs(calls: unknown[][]): JobControl {
  const acted = (verb: string, jobId: string) => {
    calls.push([verb, jobId]);
    return { done: 'done' as const, job: { ...JOB, jobId } };
  };
  return {
    list: async () => ({ jobs: [JOB] }),
    get: async (jobId) => ({ ...JOB, jobId }),
    stop: async (jobId) => acted('stopJob', jobId),
    retry: async (jobId) => acted('retryJob', jobId),
    templates: async () => [{ name: 'record', revision: 3 }],
    runners: async () => [{ runnerId: 'r1', state: 'up' }],
    log: async (jobId, attempt = 1) => ({ jobId, attempt, attempts: [1], text: 'one\n', isEnd: true, cursor: 'MQ' }),
  };
}

/** A node in memory: what operations find, and what they have done. */
export class FakeNode {
  nowMs = NOW_MS;
  streams: StreamSnapshot[] = [];
  plays: PlaySnapshot[] = [];
  bans: Ban[] = [];
  ended = new Map<string, { readonly endedAt: string; readonly reason: string }>();
  readonly audited: AuditEntry[] = [];
  /** Calls of the live side, in order: the method and its arguments. */
  readonly calls: unknown[][] = [];
  revision = 'r1';
  draining = false;
  level = 'info';
  /** When set, kicks wait for it. */
  gate: Promise<void> | undefined;
  #ids = 0;

  /** What a dispatcher works with. @param more other parts */
  ports(more: Partial<Ports> = {}): Ports {
    return {
      nodeId: 'n1',
      live: this.#live(),
      relays: {
        list: () => {
          const since = new Date(NOW_MS).toISOString();
          return [
            { direction: 'copy', app: 'live', name: 'far', state: 'running', players: 2, bytes: 9, since },
            ...([0, 1] as const).map((rule) => ({
              ...({ direction: 'push', match: '**', rule, url: 'rtmp://h:1935/a/***' } as const),
              ...({ state: 'waiting', bytes: 0, since } as const),
            })),
          ];
        },
      },
      node: this.#node(),
      bans: {
        list: (kind) => this.bans.filter((ban) => kind === undefined || ban.kind === kind),
        add: async (ban) => {
          this.calls.push(['ban', ban.kind, ban.value]);
          this.bans.push(ban);
          return ban;
        },
        remove: async (kind, value) => {
          const left = this.bans.filter((ban) => ban.kind !== kind || ban.value !== value);
          const was = left.length < this.bans.length;
          this.bans = left;
          return was ? 'done' : 'already';
        },
      },
      authTest: {
        test: async () => ({
          decision: 'deny',
          code: 'ERR_AUTH_NO_RULE',
          responders: [{ name: 'rules', decision: 'next', why: 'no rule matches', latencyMs: 0.1 }],
        }),
      },
      webhooks: {
        list: () => [WEBHOOK],
        test: async (name) => {
          const taken = { kind: 'taken' as const, status: 204, why: 'status 204', latencyMs: 3 };
          return this.#webhook('test', name, taken);
        },
        replay: async (name, sinceMs) => this.#webhook('replay', name, sinceMs === 0 ? 0 : 7),
      },
      audit: { command: (entry) => this.audited.push(entry) },
      ended: { endOf: async (streamId) => this.ended.get(streamId) },
      cluster: undefined,
      jobRecords: undefined,
      jobs: fakeJobs(this.calls),
      clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs - NOW_MS },
      log: silentLogger,
      newId: () => `01JZ000000000000000000${String(++this.#ids).padStart(4, '0')}`,
      ...more,
    };
  }

  dispatcher(more: Partial<Ports> = {}): Dispatcher {
    return new Dispatcher(this.ports(more));
  }

  async #webhook<T>(verb: string, name: string, answer: T): Promise<T> {
    if (name !== WEBHOOK.name) throw new SluiceError('ERR_CTL_WEBHOOK_UNKNOWN', name);
    this.calls.push([verb, name]);
    return answer;
  }

  #live(): LiveControl {
    const find = (streamId: string) => this.streams.find((stream) => stream.streamId === streamId);
    const end = async (streamId: string, call: unknown[]) => {
      this.calls.push(call);
      await this.gate;
      const was = find(streamId) !== undefined;
      this.streams = this.streams.filter((stream) => stream.streamId !== streamId);
      return was ? ('done' as const) : ('unknown' as const);
    };
    return {
      streams: () => this.streams,
      stream: find,
      details: (id) => {
        const stream = find(id);
        return stream && { ...stream, kbpsOut: 7, gopMs: 2000, trouble: 'no video for 3 s' };
      },
      plays: () => this.plays,
      wants: () => [{ app: 'live', name: 'soon', players: 3, urls: { rtmp: 'rtmp://127.0.0.1/live/cam' } }],
      kickStream: (streamId, reason) => end(streamId, ['kickStream', streamId, reason]),
      kickPlay: async (playId, reason) => {
        this.calls.push(['kickPlay', playId, reason]);
        this.plays = this.plays.filter((play) => play.playId !== playId);
        return 'done';
      },
      revoke: (streamId, reason) => end(streamId, ['revoke', streamId, reason]),
      limit: (...call) => this.#note('limit', call, 'done' as const),
      label: (streamId, labels) =>
        this.#note('label', [streamId, labels], { done: 'done' as const, labels: { room: 'a1' } }),
      reconnect: (...call) => this.#note('reconnect', call, 'unsupported' as const),
      send: (...call) => this.#note('send', call, 'done' as const),
      ticket: (...call) => this.#note('ticket', call, TICKET),
      call: async (...call) => this.#note('call', call, { kind: 'result' as const, values: ['pong'] }),
    };
  }

  #note<T>(method: string, call: readonly unknown[], answer: T): T {
    this.calls.push([method, ...call]);
    return answer;
  }

  #node(): Ports['node'] {
    const change = { revision: 'r2', changed: ['log.level'] };
    return {
      info: (): Facts => ({ nodeId: 'n1', bootId: '01JZ0000000000000000000000', version: '0.0.0' }),
      drain: async () => {
        const done = this.draining ? 'already' : 'done';
        this.draining = true;
        const deadlineAt = new Date(this.nowMs + 300_000).toISOString();
        return { done, progress: { deadlineAt, streams: this.streams.length, plays: 0, journalPending: 0 } };
      },
      undrain: async () => {
        const done = this.draining ? 'done' : 'already';
        this.draining = false;
        return done;
      },
      config: {
        get: () => ({ revision: this.revision, config: { log: { level: this.level } } }),
        validate: async () => ({ valid: true, problems: [], changed: ['log.level'] }),
        set: async (_patch, { revision }) => {
          if (revision !== undefined && revision !== this.revision) {
            throw new SluiceError('ERR_CTL_CONFLICT', 'the settings have changed', {
              details: { revision: this.revision },
            });
          }
          this.revision = 'r2';
          return change;
        },
        reload: async () => change,
      },
      log: {
        level: (level) => {
          const done = level === this.level ? 'already' : 'done';
          this.level = level;
          return done;
        },
      },
    };
  }
}
