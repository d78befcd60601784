import { tellProgram, tellRefusedName, tellText, tellUrl } from '../core/tell.js';
import type { CodecLimits } from '../wasm/limits.js';
import { aggregateTags } from './aggregate-tags.js';
import { type AmfNode, readAmfNodes, type Span } from './amf0-nodes.js';

/**
 * Which bytes of a message may be shown. Stream keys, tokens and passwords are in queries of names and URLs, in
 * arguments of connect and in unknown members, in every spelling. So nothing is searched for secrets: what is known to
 * be public is kept, and all other text is overwritten with `*`, byte by byte, so that positions hold. Everything that
 * is shown is made from the overwritten bytes.
 */

/** How many bytes at the beginning of a text are public. */
type Rule = (text: string) => number;

/** What stands for a byte that is not shown. */
export const MASK = 0x2a;
/** Text in bytes that could not be read as values: so many printable bytes in a row may be a part of a secret. */
const RUN_BYTES = 3;
/** The same in audio and video, where compressed data looks like short text by chance. */
export const MEDIA_RUN_BYTES = 8;
/** Bytes of the numbers in control messages, by type. */
const CONTROL_BYTES: ReadonlyMap<number, number> = new Map([
  [1, 4],
  [2, 4],
  [3, 4],
  [4, 10],
  [5, 4],
  [6, 5],
]);
const SECRET_KEY = /pass|secret|token|auth|cred|key(?!fr)|seed|sign|pin|user/i;

const none: Rule = () => 0;
const whole: Rule = (text) => text.length;
const name: Rule = (text) => tellRefusedName(text).length;
/** As a name, of what is never a stream key. */
const label: Rule = (text) => name(text);
const program: Rule = (text) => tellProgram(text).length;
const text: Rule = (value) => {
  const query = value.indexOf('?');
  const plain = query < 0 ? value : value.slice(0, query);
  return tellText(plain) === plain && !plain.includes('&') ? plain.length : 0;
};
const url: Rule = (value) => {
  const told = tellUrl(value);
  if (told !== '' && value.startsWith(told)) return told.length;
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(value)?.[0].length ?? 0;
};
const handler: Rule = (value) => /^[@|]?[A-Za-z0-9_.]*/.exec(value)?.[0].length ?? 0;
const word: Rule = (value) => (/^(?:live|record|append|nonprivate)$/i.test(value) ? value.length : 0);

/** Members whose text is public, by their names. Members with other names are shown in data messages only. */
const MEMBERS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['app', name],
  ['streamName', name],
  ['oldStreamName', name],
  ['details', name],
  ['tcUrl', url],
  ['swfUrl', url],
  ['pageUrl', url],
  ['flashVer', program],
  ['fmsVer', program],
  ['fourCcList', program],
  ['transition', program],
  ['mode', program],
  ['type', word],
  ['level', program],
  ['code', program],
  ['description', text],
]);

/** Arguments behind the command object that are public text, by the command's name. */
const ARGUMENTS: ReadonlyMap<string, readonly Rule[]> = new Map<string, readonly Rule[]>([
  ['releaseStream', [name]],
  ['FCPublish', [name]],
  ['FCUnpublish', [name]],
  ['FCSubscribe', [name]],
  ['FCUnsubscribe', [name]],
  ['getStreamLength', [name]],
  ['publish', [name, word]],
  ['play', [name]],
  ...[
    'connect',
    'play2',
    'createStream',
    'deleteStream',
    'closeStream',
    'pause',
    'seek',
    'receiveAudio',
    'receiveVideo',
  ].map((command) => [command, []] as const),
  ...['_result', '_error', 'onStatus', 'onFCPublish', 'onFCUnpublish', 'onBWDone', '_checkbw'].map(
    (command) => [command, []] as const,
  ),
]);

/** What is secret on one server, and public on another. */
export interface MaskOptions {
  /** Whether names of apps and streams are overwritten too: on a server where names are stream keys. */
  readonly hidesNames?: () => boolean;
}

/**
 * A copy of a message's payload in which everything that may be secret is overwritten.
 *
 * @param type of the message: commands, data messages and media are told apart
 * @param payload borrowed
 */
export function maskedPayload(
  type: number,
  payload: Buffer,
  limits: CodecLimits,
  { hidesNames }: MaskOptions = {},
): Buffer {
  const out = Buffer.from(payload);
  if (type === 8 || type === 9) maskText(out, 0, out.length, MEDIA_RUN_BYTES);
  else if (type === 15 || type === 17 || type === 18 || type === 20)
    maskValues(type, out, limits, hidesNames?.() ?? false);
  else if (type === 22) {
    const tags = aggregateTags(payload);
    for (const tag of tags)
      out.set(maskedPayload(tag.type, payload.subarray(tag.at, tag.end), limits, { hidesNames }), tag.at);
    maskText(out, tags.at(-1)?.end ?? 0, out.length);
  }
  // Control messages are numbers; what follows them has no business there.
  else maskText(out, Math.min(CONTROL_BYTES.get(type) ?? 0, out.length), out.length);
  return out;
}

/** Overwrites every run of text in `bytes[at, end)`. @param run shortest run that is overwritten, in bytes */
export function maskText(bytes: Buffer, at: number, end: number, run = RUN_BYTES): void {
  let from = at;
  for (let i = at; i <= end; i++) {
    const byte = i < end ? bytes[i]! : 0;
    // Printable ASCII, and what may be UTF-8 in the midst of it.
    if ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x80 && i > from && run < MEDIA_RUN_BYTES)) continue;
    if (i - from >= run) bytes.fill(MASK, from, i);
    from = i + 1;
  }
}

function maskValues(type: number, bytes: Buffer, limits: CodecLimits, hidesNames: boolean): void {
  const start = Math.min(type === 15 || type === 17 ? 1 : 0, bytes.length);
  const { nodes, problem, cutAt } = readAmfNodes(bytes, start, limits);
  const masker = new Masker(bytes, hidesNames);
  const isCommand = type === 17 || type === 20;
  if (isCommand) masker.command(nodes);
  else for (const node of nodes) masker.data(node);
  const unread = problem?.at ?? cutAt;
  if (unread !== undefined) maskText(bytes, unread, bytes.length);
}

class Masker {
  readonly #bytes: Buffer;
  /** As it was before: a string of AMF3 may stand for a key in one place and for a value that is masked in another. */
  readonly #original: Buffer;
  readonly #hidesNames: boolean;

  constructor(bytes: Buffer, hidesNames: boolean) {
    this.#bytes = bytes;
    this.#original = Buffer.from(bytes);
    this.#hidesNames = hidesNames;
  }

  /** A command: its name, the transaction id, the command object, arguments. */
  command(nodes: readonly AmfNode[]): void {
    const [first, , third, ...rest] = nodes;
    const called = first?.kind === 'string' ? this.#text(first.value) : '';
    const rules = ARGUMENTS.get(called);
    if (first !== undefined) this.#mask(first, rules === undefined ? label : whole, true);
    if (nodes[1] !== undefined) this.#mask(nodes[1], none, true);
    const isHidden = rules === undefined;
    if (third !== undefined) this.#mask(third, none, !isHidden, none, isHidden);
    // Tools add a user and a password, or a number to sign in with, as more arguments of connect.
    const isShown = !isHidden && called !== 'connect';
    for (const [index, node] of rest.entries()) this.#mask(node, rules?.[index] ?? none, isShown, none, !isShown);
  }

  /** A value of a data message: stream metadata is public, it is in events and in what players get. */
  data(node: AmfNode): void {
    this.#mask(node, node.kind === 'string' ? handler : program, true, program);
  }

  /**
   * @param rule for text of this value
   * @param showsNumbers whether numbers may be shown
   * @param unknown for text of members whose name says nothing
   * @param isHidden whether nothing in it may be shown, whatever a member is called
   */
  #mask(node: AmfNode, rule: Rule, showsNumbers: boolean, unknown: Rule = none, isHidden = false): void {
    if (node.kind === 'string') this.#keep(node.value, rule);
    else if ((node.kind === 'number' || node.kind === 'date') && !showsNumbers) this.#maskNumber(node);
    else if (node.kind === 'bytes') this.#bytes.fill(MASK, node.value.at, node.value.end);
    for (const item of node.items) this.#mask(item, rule, showsNumbers, unknown, isHidden);
    // A class name lies between the marker of a typed object and its first member.
    if (node.kind === 'object' && this.#bytes[node.at] === 0x10) this.#bytes.fill(MASK, node.at + 3, node.value.at);
    if (node.className !== undefined) this.#bytes.fill(MASK, node.className.at, node.className.end);
    for (const { key, node: member } of node.entries) {
      const called = this.#text(key);
      const known = MEMBERS.get(called);
      const isSecret = known === undefined && SECRET_KEY.test(called);
      this.#keep(key, label);
      if (isSecret || isHidden) this.#mask(member, none, false, none, true);
      else this.#mask(member, known ?? unknown, showsNumbers, unknown);
    }
  }

  /** The bytes of a U29 but the last have their highest bit set. */
  #maskNumber({ value, as }: AmfNode): void {
    this.#bytes.fill(as === 'u29' ? MASK | 0x80 : MASK, value.at, value.end);
    this.#bytes[value.end - 1] = MASK;
  }

  #text({ at, end }: Span): string {
    return this.#original.toString('utf8', at, end);
  }

  #keep({ at, end }: Span, rule: Rule): void {
    const value = this.#text({ at, end });
    const isHidden = this.#hidesNames && (rule === name || rule === url);
    const kept = isHidden ? 0 : Buffer.byteLength(value.slice(0, rule(value)));
    this.#bytes.fill(MASK, Math.min(at + kept, end), end);
  }
}
