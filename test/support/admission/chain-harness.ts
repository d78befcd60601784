import { BanList } from '../../../src/admission/bans/ban-list.js';
import { AdmissionChain, type ChainOptions } from '../../../src/admission/chain.js';
import { fingerprints } from '../../../src/admission/fingerprint.js';
import { type AdmissionRequest, makeRequest } from '../../../src/admission/request.js';
import type { Responder, ResponderAnswer } from '../../../src/admission/responder.js';
import type { Logger } from '../../../src/core/log.js';
import type { LogFields } from '../../../src/core/log-fields.js';
import { NameRule } from '../../../src/core/names.js';
import type { Question } from '../../../src/live/admission.js';

/** What can be said of a question besides its defaults: a publish of live/cam1 from 192.0.2.7. */
export type QuestionParts = Partial<Omit<Question, 'facts'>> & {
  readonly address?: string;
  readonly connectionId?: string;
};

/** A question with everything that a test does not speak of. */
export function question({ address = '192.0.2.7', connectionId = 'c1', ...parts }: QuestionParts = {}): Question {
  const app = parts.app ?? 'live';
  const nothing = { swfUrl: '', pageUrl: '', objectEncoding: 0, isEnhanced: false, capsEx: 0 };
  return {
    requestId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    action: 'publish',
    reason: 'start',
    name: 'cam1',
    query: '',
    isWanted: () => true,
    ...parts,
    app,
    facts: {
      connectionId,
      peer: { address, port: 50_412 },
      transport: 'rtmp',
      info: { app, tcUrl: `rtmp://in.example/${app}`, flashVer: 'FMLE/3.0', ...nothing },
    },
  };
}

/** Names as they are by default. */
export const NAMES = new NameRule({ allow: '[A-Za-z0-9_.~=+@/-]+', maxBytes: 128, allowEmpty: false });

/** A clock that goes on when a test says so. */
export class HandClock {
  ms = 1_000_000;
  /** The wall clock is so far ahead. */
  readonly wallAheadMs = 1_700_000_000_000;
  monotonicMs = (): number => this.ms;
  wallMs = (): number => this.wallAheadMs + this.ms;
}

/** Fingerprints with a fixed salt. */
export const FINGERPRINT = fingerprints('a salt for tests', new Uint8Array(32));

/** A request as a responder gets it. */
export function request(
  parts: QuestionParts = {},
  more: { readonly nameIsKey?: readonly string[]; readonly sendSecrets?: boolean; readonly clock?: HandClock } = {},
): AdmissionRequest {
  const clock = more.clock ?? new HandClock();
  const origin = {
    nodeId: 'n1',
    bootId: 'b1',
    sendSecrets: more.sendSecrets ?? true,
    isNameKey: (app: string) => more.nameIsKey?.includes(app) === true,
    keyParameters: ['key', 'token'],
    fingerprint: FINGERPRINT,
    wallMs: clock.wallMs,
    surplus: () => undefined,
  };
  const time = { deadlineMs: clock.ms + 5000, signal: () => new AbortController().signal };
  return makeRequest(question(parts), origin, time);
}

/** A responder whose answers a test gives. */
export class FakeResponder implements Responder {
  readonly name: string;
  readonly seen: AdmissionRequest[] = [];
  isClosed = false;
  actions: readonly string[] = ['connect', 'publish', 'play'];
  reply: (request: AdmissionRequest) => ResponderAnswer | Promise<ResponderAnswer>;

  constructor(name: string, reply: FakeResponder['reply'] | ResponderAnswer) {
    this.name = name;
    this.reply = typeof reply === 'function' ? reply : () => reply;
  }

  asks(action: string): boolean {
    return this.actions.includes(action);
  }

  answer(asked: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer> {
    this.seen.push(asked);
    return this.reply(asked);
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The defaults of the settings. */
export const CHAIN_OPTIONS: Omit<ChainOptions, 'responders'> = {
  budgetMs: 5000,
  maxPending: 1024,
  denyCacheMs: 2000,
  failuresPerMinutePerIp: 10,
  onUnavailable: { connect: 'deny', publish: 'deny', play: 'deny' },
  limits: {},
  conflict: 'auto',
  redirectHosts: [],
  nameIsKey: [],
  sendSecrets: true,
  keyParameters: ['key', 'token'],
};

/** A chain on a clock of its own, with what it logs. */
export class ChainHarness {
  readonly clock = new HandClock();
  /** Log lines as JSON. */
  readonly lines: string[] = [];
  readonly log: Logger = logTo(this.lines);
  readonly bans = new BanList(this.clock, this.log);
  readonly chain: AdmissionChain;
  readonly deps: ConstructorParameters<typeof AdmissionChain>[1];
  readonly options: ChainOptions;

  constructor(responders: readonly Responder[], options: Partial<ChainOptions> = {}) {
    this.options = { ...CHAIN_OPTIONS, ...options, responders };
    const { clock, log, bans } = this;
    this.deps = { clock, log, bans, names: NAMES, nodeId: 'n1', bootId: 'b1', fingerprint: FINGERPRINT };
    this.chain = new AdmissionChain(this.options, this.deps);
  }

  /** The count of one kind of decision. */
  decided(action: string, decision: string, by: string): number {
    return this.chain.stats.decisions.get(`${action} ${decision} ${by}`)?.count ?? 0;
  }
}

/** A logger that keeps its lines. */
export function logTo(lines: string[]): Logger {
  const keep = (first: LogFields | string, message?: string): void => void lines.push(JSON.stringify([first, message]));
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}
