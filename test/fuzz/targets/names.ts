import { formatSubject, parseSubject } from '../../../src/events/subjects.js';
import type { FuzzTarget } from '../target.js';

/** Names of any characters in subjects, and subjects of any characters. The input is text, its parts apart by NUL. */
export const subjects: FuzzTarget = {
  name: 'subjects',
  what: 'subjects of events: names of any characters go there and back, and add no token and no wildcard',
  sources: ['/src/events/subjects', '/src/core/escape'],
  tokens: ['.', '*', '>', ' ', '\0', '%', '_', '~', '=', 'sluice.v1.evt.', '.node.', '.end', 'ü', '😀', '\r\n'].map(
    (text) => Buffer.from(text),
  ),
  maxBytes: 600,
  samples: () => [
    Buffer.from('live\0cam1\x000190'),
    Buffer.from('sluice.v1.evt.live.cam1.0190.stream.started.1'),
    Buffer.from('sluice.v1.node.n1.b1.command.2'),
  ],
  run: (input) => {
    const text = Buffer.from(input).toString();
    const [app = '', name = '', streamId = ''] = text.split('\0');
    const parts = { kind: 'stream', prefix: 'a.b', entity: 'stream', verb: 'started', last: '1' } as const;
    const subject = formatSubject({ ...parts, app, name, streamId });
    if (!/^[\x21-\x7e]+$/.test(subject) || /[*>]/.test(subject) || subject.split('.').length !== 9)
      throw new Error(`no subject: ${JSON.stringify(subject)}`);
    const back = parseSubject(subject);
    if (back?.kind !== 'stream' || back.app !== app || back.name !== name || back.streamId !== streamId)
      throw new Error(`${JSON.stringify(subject)} is read as ${JSON.stringify(back)}`);
    const parsed = parseSubject(text);
    if (parsed !== undefined && parsed.kind === 'stream' && formatSubject(parsed) !== text)
      throw new Error(`${JSON.stringify(text)} is written as ${JSON.stringify(formatSubject(parsed))}`);
  },
};
