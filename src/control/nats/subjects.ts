import { escapeToken } from '../../core/escape.js';

/** Token behind the prefix of everything that control answers. */
const CONTROL = 'ctl';

/** The subjects of control under a prefix (`events.prefix`). Ids are escaped as in the subjects of events. */
export class ControlSubjects {
  readonly #base: string;

  /** @param prefix `events.prefix` */
  constructor(prefix: string) {
    this.#base = `${prefix}.${CONTROL}`;
  }

  /** Everything that control answers. */
  get everything(): string {
    return `${this.#base}.>`;
  }

  /** Every operation on every stream. */
  get streams(): string {
    return `${this.#base}.s.*.*`;
  }

  /** An operation on one stream, for the node that has it. `*` as verb takes all of them. */
  ofStream(streamId: string, verb: string): string {
    return `${this.#base}.s.${escapeToken(streamId)}.${verb}`;
  }

  /** An operation for every node. `>` as verb takes all of them. */
  ofAll(verb: string): string {
    return `${this.#base}.all.${verb}`;
  }

  /** An operation for one node. `>` as verb takes all of them. */
  ofNode(nodeId: string, verb: string): string {
    return `${this.#base}.n.${escapeToken(nodeId)}.${verb}`;
  }
}

/** Headers of requests and answers. Requests may spell them in any case. */
export const HEADERS = {
  /** Of the caller. The same id is carried out once. */
  requestId: 'Sluice-Request-Id',
  /** Unix time in ms after which nothing is done any more. */
  deadline: 'Sluice-Deadline',
  /** Who asks, for the audit. What a client may do is decided by the permissions of its NATS user. */
  actor: 'Sluice-Actor',
  /** Of answers: the node that answers. */
  nodeId: 'Sluice-Node-Id',
} as const;
