import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeIn, ERRORS, type ErrorCode } from '../../../src/core/errors.js';
import { root } from '../../support/policy/sources.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

function codesIn(folder: string): ErrorCode[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((n) => n.endsWith('.ts'));
  const found = names.flatMap((name) => readFileSync(join(root, folder, name), 'utf8').match(/'ERR_[A-Z_]+'/g) ?? []);
  return [...new Set(found.map((text) => text.slice(1, -1)))].filter((code): code is ErrorCode => code in ERRORS);
}

describe('the table of error codes', () => {
  it('says of every code that the RTMP side speaks of why it ends the streams of a connection', () => {
    const folders = ['src/rtmp', 'src/protocol/server', 'src/live', 'src/hub', 'src/wasm', 'src/transport'];
    const spoken = [...new Set(folders.flatMap(codesIn))];
    expect(spoken.length).toBeGreaterThan(50);
    // With these a listener fails, or a connection is not even accepted. With those of admission, of jobs and of
    // clusters a request is refused.
    const others = ['ERR_DESCRIPTORS', 'ERR_LISTEN', 'ERR_PREVIEW_EXPIRED', 'ERR_TLS_CERTIFICATE'];
    const silent = spoken.filter(
      (code) => ERRORS[code].endsStreamsAs === undefined && !/^ERR_(AUTH|JOB|RELAY|CLUSTER)_/.test(code),
    );
    expect(silent.sort()).toEqual(others);
  });

  it('ends streams as protocol_error or limit, but for these codes', () => {
    const rest = CODES.filter((code) => !['protocol_error', 'limit', undefined].includes(ERRORS[code].endsStreamsAs));
    expect(Object.fromEntries(rest.map((code) => [code, ERRORS[code].endsStreamsAs]))).toEqual({
      ERR_SESSION_PING_TIMEOUT: 'dead_peer',
      ERR_TUNNEL_SILENT: 'dead_peer',
      ERR_SESSION_KICKED: 'kicked',
      ERR_AUTH_BANNED: 'kicked',
      ERR_AUTH_REVOKED: 'kicked',
      ERR_AUTH_EXPIRED: 'kicked',
      ERR_JOB_FENCED: 'kicked',
      ERR_JOB_TICKET_UNCHECKED: 'kicked',
      ERR_PUBLISH_REPLACED: 'client_closed',
      ERR_CLUSTER_FENCED: 'client_closed',
      ERR_SESSION_SHUTDOWN: 'server_drain',
      ERR_PUBLISH_NO_MEDIA: 'idle',
      ERR_PUBLISH_IDLE: 'idle',
      ERR_PEER_CLOSED: 'client_closed',
      ERR_PEER_RESET: 'client_closed',
    });
  });

  it('ends plays of a connection past a limit as limit, and those of a defect as error', () => {
    const of = (end: string | undefined) => CODES.filter((code) => ERRORS[code].endsPlaysAs === end);
    expect(of('limit')).toEqual(CODES.filter((code) => ERRORS[code].endsStreamsAs === 'limit'));
    expect(of('error')).toEqual(
      CODES.filter((code) => ERRORS[code].blame === 'internal' && ERRORS[code].endsStreamsAs !== undefined),
    );
    expect(of('stalled')).toEqual(['ERR_PLAY_STALLED']);
    expect(of('fenced')).toEqual(['ERR_JOB_FENCED', 'ERR_JOB_TICKET_UNCHECKED']);
  });

  it('calls the ends usual that need no line in the log', () => {
    expect(CODES.filter((code) => ERRORS[code].usual).sort()).toEqual([
      'ERR_AUTH_BANNED',
      'ERR_AUTH_EXPIRED',
      'ERR_AUTH_REVOKED',
      'ERR_JOB_FENCED',
      'ERR_PEER_CLOSED',
      'ERR_PEER_RESET',
      'ERR_PUBLISH_REPLACED',
      'ERR_SESSION_KICKED',
      'ERR_SESSION_PLAY_ENDED',
      'ERR_SESSION_SHUTDOWN',
    ]);
  });

  it('gives every code an exit code; those that are not plain failures are these', () => {
    const isOfControl = (code: string): boolean => /^ERR_(AUTH|CTL|JOB)_/.test(code);
    const of = (exit: string) => CODES.filter((code) => ERRORS[code].exit === exit && !isOfControl(code)).sort();
    expect(of('ok')).toEqual(['ERR_CLIENT_ABORTED']);
    expect(of('refused')).toEqual(['ERR_CLIENT_REJECTED', 'ERR_HTTP_TOKEN_GUESSES']);
    expect(of('unreachable')).toEqual([
      'ERR_CLIENT_CONNECT',
      'ERR_CLIENT_TIMEOUT',
      'ERR_EVENTS_NO_JETSTREAM',
      'ERR_EVENTS_UNREACHABLE',
      'ERR_LISTEN',
    ]);
    expect(of('usage')).toEqual([
      'ERR_CLIENT_URL',
      'ERR_CLI_USAGE',
      'ERR_CLUSTER_SECRET',
      'ERR_CONFIG_FILE_SYNTAX',
      'ERR_CONFIG_FILE_UNREADABLE',
      'ERR_CONFIG_INVALID_VALUE',
      'ERR_CONFIG_SECRET_IN_FLAG',
      'ERR_CONFIG_UNKNOWN_KEY',
      'ERR_DATA_FOLDER',
      'ERR_DATA_FOLDER_LOCK',
      'ERR_DATA_FOLDER_NOT_OURS',
      'ERR_EVENTS_NATS_OPTIONS',
      'ERR_HTTP_OPEN_PUBLIC_BIND',
      'ERR_INSPECT_FILE',
      'ERR_INSTALLATION_DAMAGED',
      'ERR_JOURNAL_FOLDER',
      'ERR_LOAD_OPTION',
      'ERR_TLS_CERTIFICATE',
      'ERR_TRACES_PACKAGES',
    ]);
  });

  it('is what code goes by: nothing in src looks at how a code is spelled', () => {
    const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((n) =>
      n.endsWith('.ts'),
    );
    const wrong = names.filter((name) => {
      const code = readFileSync(join(root, 'src', name), 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/(^|\s)\/\/.*$/gm, '$1');
      return /\bERR_(?:[A-Z]+_)*(?![A-Z_])/.test(code);
    });
    expect(wrong).toEqual([]);
  });
});

describe('the code in a description', () => {
  it.each([
    ['ERR_RELAY_TICKET: a node asked for it', 'ERR_RELAY_TICKET'],
    ['ERR_RELAY_TICKET', 'ERR_RELAY_TICKET'],
    ['ERR_NOTHING_KNOWN: x', undefined],
    ['x ERR_RELAY_TICKET: x', undefined],
    ['constructor: x', undefined],
    ['', undefined],
  ])('of %j is %s', (description, code) => {
    expect(codeIn(description)).toBe(code);
  });
});
