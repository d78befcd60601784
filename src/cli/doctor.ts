import { isPublicBind } from '../config/listen.js';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/table.js';
import { ERRORS, SluiceError } from '../core/errors.js';
import { cleanText } from '../core/log-fields.js';
import { tellText } from '../core/tell.js';
import { within } from '../core/within.js';
import { checkHttpBind } from '../server/control.js';
import { type ConfigOptions, configFrom } from './config-flags.js';
import type { Finding } from './doctor/finding.js';
import { checkClock, checkDescriptors, checkMemory, checkNode, readClocks } from './doctor/machine.js';
import { checkNats } from './doctor/nats.js';
import { addressesOf, checkPort } from './doctor/ports.js';
import { checkCertificates, checkProgram } from './doctor/programs.js';
import { checkData, checkRecordings } from './doctor/storage.js';
import { EXIT } from './exit-codes.js';
import type { Io } from './io.js';

/** How long one check may take, in ms. */
const CHECK_MS = 8000;

/** A part of the whole that cannot hold the others up. */
interface Check {
  readonly name: string;
  readonly run: () => Promise<readonly Finding[]>;
}

/**
 * `sluice doctor`: looks whether a server with these settings can start and work on this machine. Nothing is changed.
 *
 * @returns the exit code: 1 when something would not work
 */
export async function doctor(options: ConfigOptions & { readonly json?: boolean }, io: Io): Promise<number> {
  const before = readClocks();
  const { loaded, findings: settings } = settingsOf(options, io);
  const checks = loaded === undefined ? [] : checksOf(loaded.config);
  const rest = await Promise.all([...checks, ...PROGRAMS].map(bounded));
  const findings = [
    checkNode(process.versions.node),
    ...settings,
    checkClock(before, readClocks()),
    ...rest.flat(),
  ].map(clean);
  const isGood = findings.every(({ state }) => state !== 'fail');
  io.out(options.json === true ? `${JSON.stringify({ ok: isGood, checks: findings })}\n` : asText(findings));
  return isGood ? EXIT.ok : EXIT.failed;
}

const PROGRAMS: readonly Check[] = ['ffmpeg', 'ffprobe'].map((name) => ({
  name,
  run: async () => [await checkProgram(name)],
}));

function checksOf(config: Config): Check[] {
  const ports = addressesOf(config).map(({ key, address }) => ({
    name: key,
    run: async () => [await checkPort(key, address)],
  }));
  return [
    { name: 'machine', run: async () => [checkMemory(config), checkDescriptors(config)] },
    ...ports,
    { name: 'rtmps.cert', run: () => checkCertificates(config) },
    { name: 'data', run: () => checkData(config) },
    { name: 'recording', run: () => checkRecordings(config) },
    { name: 'nats', run: () => checkNats(config) },
  ];
}

/** The settings, or what is wrong with them. */
function settingsOf(options: ConfigOptions, io: Io): { loaded?: LoadedConfig; findings: Finding[] } {
  const check = 'settings';
  let loaded: LoadedConfig;
  try {
    loaded = configFrom(options, io);
  } catch (error) {
    return { findings: [refusal(check, error)] };
  }
  const files = Object.values(loaded.sources).map(({ kind, name }) => (kind === 'file' ? name : ''));
  const from = [...new Set(files)].filter((name) => name !== '').join(', ');
  const warnings = loaded.warnings.map((says): Finding => ({ check, state: 'warn', says, todo: 'correct the name' }));
  const findings: Finding[] = [{ check, state: 'ok', says: from === '' ? 'no file' : from }, ...warnings];
  for (const refuse of [() => checkHttpBind(loaded.config.http), () => checkPublishers(loaded)]) {
    try {
      refuse();
    } catch (error) {
      findings.push(refusal('who may do what', error));
    }
  }
  return { loaded, findings };
}

/** What a start would be refused for. @throws what is no error of a person */
function refusal(check: string, error: unknown): Finding {
  if (!(error instanceof SluiceError)) throw error;
  const { hint } = ERRORS[error.code];
  return { check, state: 'fail', says: error.message.replace(` (${hint})`, ''), todo: `${hint} (${error.code})` };
}

/**
 * Refuses what a start refuses for certain: no setting says who may publish, and other machines reach the port.
 *
 * @throws SluiceError ERR_AUTH_OPEN_PUBLIC_BIND
 */
function checkPublishers({ config: { auth, rtmp }, sources }: LoadedConfig): void {
  const isAsked = Object.entries(sources).some(([key, { kind }]) => key.startsWith('auth.') && kind !== 'default');
  if (auth.allowAnonymousPublish || isAsked || !isPublicBind(rtmp.listen)) return;
  throw new SluiceError('ERR_AUTH_OPEN_PUBLIC_BIND', `rtmp.listen is ${rtmp.listen}`);
}

async function bounded({ name, run }: Check): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  try {
    const work = run().then((findings) => {
      found = findings;
    });
    if (await within(work, CHECK_MS)) return found;
    return [
      { check: name, state: 'fail', says: `no result within ${CHECK_MS / 1000} s`, todo: 'see what hangs there' },
    ];
  } catch (error) {
    return [{ check: name, state: 'fail', says: (error as Error).message, todo: 'see what the system says there' }];
  }
}

/** Texts of the system and of servers are shown without control characters and without what may be secret in a URL. */
function clean({ check, state, says, todo }: Finding): Finding {
  const shown = cleanText(tellText(says));
  return todo === undefined ? { check, state, says: shown } : { check, state, says: shown, todo };
}

function asText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ check, state, says, todo }) => {
    const line = `${state.padEnd(4)}  ${check.padEnd(width)}  ${says}\n`;
    return state === 'ok' || todo === undefined ? line : `${line}${' '.repeat(width + 8)}what to do: ${todo}\n`;
  });
  const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length;
  return `${lines.join('')}${findings.length} checks: ${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed\n`;
}
