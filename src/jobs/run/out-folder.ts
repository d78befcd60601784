import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isStill, MAKE_NEW, makeFolder, openOwn } from '../../core/own-files.js';
import { walkFolder } from './walk-folder.js';

/** Most files that `result.json` lists. */
const MAX_LISTED = 10_000;
/** Most entries of an out folder that are counted. */
const MAX_COUNTED = 200_000;
/** Most folders of one name, told apart by a number behind it. */
const MAX_NAMESAKES = 100;
const RESULT = 'result.json';

/** Whose output it is. */
interface OutAttempt {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: number;
}

/** One file of an output. */
interface OutFile {
  /** Below the folder, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256?: string;
}

/** What is known of the time that an output covers. */
interface OutTimes {
  /** ISO 8601. */
  readonly from?: string;
  /** ISO 8601. */
  readonly to?: string;
  /** Media that is missing between the attempt before and this one, in ms. */
  readonly gapMs?: number;
}

/** What `result.json` says. */
interface OutResult extends OutAttempt, OutTimes {
  readonly accepted: boolean;
  /** Why it was not accepted. */
  readonly reason?: string;
  /** At most 10,000, ordered by name. Symbolic links, folders and this file are not among them. */
  readonly files: readonly OutFile[];
  /** Of all files, listed or not. */
  readonly fileCount: number;
  readonly bytes: number;
  /** There are files that are not listed or not counted. */
  readonly truncated?: true;
}

/** How an output is published. */
interface AcceptOptions extends OutTimes {
  /** Whether each file is read once more for its SHA-256. */
  readonly sha256?: boolean;
}

/** Where an output is now, and what its `result.json` says. */
interface PlacedOutput {
  readonly path: string;
  readonly result: OutResult;
}

/**
 * The folder that one attempt writes to, `<dir>/.<attempt>-<token>`. When the attempt is accepted, it is renamed to
 * `<dir>/<attempt>`, otherwise to `<dir>/<attempt>.partial`. Where that name is taken, `-2`, `-3` … is put behind it:
 * nothing is ever overwritten. Whoever finds `<dir>/<attempt>` finds it whole, with its `result.json`.
 */
export class OutFolder {
  /** What `{out}` stands for. */
  readonly path: string;
  readonly #dir: string;
  readonly #attempt: OutAttempt;
  readonly #made: Stats;

  private constructor(dir: string, path: string, attempt: OutAttempt, made: Stats) {
    this.#dir = dir;
    this.path = path;
    this.#attempt = attempt;
    this.#made = made;
  }

  /**
   * Makes the folder (0700), and those above it.
   *
   * @param dir `out.dir` with its placeholders replaced
   * @throws the system's error: EEXIST when the attempt has a folder already
   */
  static async make(dir: string, attempt: OutAttempt): Promise<OutFolder> {
    const path = join(dir, `.${attempt.attempt}-${attempt.token}`);
    await makeFolder(dir);
    await mkdir(path, { mode: 0o700 });
    return new OutFolder(dir, path, attempt, await lstat(path));
  }

  /**
   * Takes a folder that an earlier process made.
   *
   * @throws the system's error when there is none; ENOTDIR when a link or something else lies there
   */
  static async find(dir: string, attempt: OutAttempt): Promise<OutFolder> {
    const path = join(dir, `.${attempt.attempt}-${attempt.token}`);
    const found = await lstat(path);
    if (!found.isDirectory()) throw Object.assign(new Error(`ENOTDIR: ${path} is no folder`), { code: 'ENOTDIR' });
    return new OutFolder(dir, path, attempt, found);
  }

  /**
   * Publishes the output. Nothing may write to it any more.
   *
   * @throws the system's error when the disk refuses; then the folder is where it was and can be accepted again. ESTALE
   *   or ENOENT when the program has put something else in its place
   */
  async accept(options: AcceptOptions = {}): Promise<PlacedOutput> {
    const { sha256 = false, ...times } = options;
    return this.#place(String(this.#attempt.attempt), { accepted: true, ...times }, sha256);
  }

  /**
   * Keeps the output apart, or removes it.
   *
   * @param reason for `result.json`, without secrets
   * @returns where it is; undefined when it is removed
   * @throws as {@link accept}
   */
  async reject(reason: string, keep: boolean, times: OutTimes = {}): Promise<PlacedOutput | undefined> {
    if (keep) return this.#place(`${this.#attempt.attempt}.partial`, { accepted: false, reason, ...times }, false);
    await this.#check();
    await rm(this.path, { recursive: true, force: true });
    return undefined;
  }

  async #place(
    name: string,
    says: Pick<OutResult, 'accepted' | 'reason'> & OutTimes,
    withSha256: boolean,
  ): Promise<PlacedOutput> {
    await this.#check();
    const listed = await listFiles(this.path);
    const files = withSha256 ? await addHashes(this.path, listed.files) : listed.files;
    const { jobId, attempt, token } = this.#attempt;
    const result: OutResult = { ...says, jobId, attempt, token, ...listed, files };
    await this.#writeResult(result);
    await syncFolder(this.path);
    const path = await freeName(this.#dir, name);
    await rename(this.path, path);
    await syncFolder(this.#dir);
    return { path, result };
  }

  /** Checks that the folder that was made is still there: the program may have put a link in its place. */
  async #check(): Promise<void> {
    await isStill(this.path, this.#made);
    // What was made after the folder was removed can have its number.
    if ((await lstat(this.path)).isDirectory()) return;
    throw Object.assign(new Error(`ESTALE: ${this.path} is no folder any more`), { code: 'ESTALE' });
  }

  /** A `result.json` that the program wrote keeps its content under another name. */
  async #writeResult(result: OutResult): Promise<void> {
    const written = join(this.path, `.${RESULT}-${randomBytes(8).toString('hex')}`);
    const file = await openOwn(written, MAKE_NEW);
    try {
      await file.writeFile(`${JSON.stringify(result, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    const target = join(this.path, RESULT);
    if ((await lstat(target).catch(() => undefined)) !== undefined && !(await isOwnResult(target, this.#attempt))) {
      await rename(target, await freeName(this.path, 'result.program.json'));
    }
    await rename(written, target);
  }
}

/**
 * Places what a runner left that was killed: the folder of an attempt in `dir` that is still named as while it ran.
 *
 * @param dir `out.dir` with its placeholders replaced
 * @param isAccepted whether the job's record says that this attempt was accepted; otherwise its output is kept apart
 * @returns where it is; undefined when there is no such folder, which is so when it was placed before
 * @throws as {@link OutFolder.accept}
 */
export async function recoverOutput(
  dir: string,
  attempt: OutAttempt,
  isAccepted: boolean,
): Promise<PlacedOutput | undefined> {
  let found: OutFolder;
  try {
    found = await OutFolder.find(dir, attempt);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return isAccepted ? found.accept() : found.reject('the runner was lost', true);
}

async function listFiles(folder: string): Promise<Pick<OutResult, 'files' | 'fileCount' | 'bytes' | 'truncated'>> {
  const files: OutFile[] = [];
  let fileCount = 0;
  let bytes = 0;
  const isWhole = await walkFolder(folder, MAX_COUNTED, (name, found) => {
    if (!found.isFile() || name === RESULT) return;
    fileCount += 1;
    bytes += found.size;
    if (files.length < MAX_LISTED) files.push({ name, bytes: found.size });
  });
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { files, fileCount, bytes, ...(isWhole && fileCount <= MAX_LISTED ? {} : { truncated: true }) };
}

async function addHashes(folder: string, files: readonly OutFile[]): Promise<OutFile[]> {
  const hashed: OutFile[] = [];
  for (const file of files) hashed.push({ ...file, sha256: await hashFile(join(folder, file.name)) });
  return hashed;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  // Who else may write it does not matter here, as it does for files of our own.
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Whether a `result.json` was written by an earlier try to place the same attempt, which may be replaced. */
async function isOwnResult(path: string, attempt: OutAttempt): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isFile() || found.size > 16 << 20) return false;
  try {
    const file = await openOwn(path);
    const text = await file.readFile('utf8').finally(() => file.close());
    const said = JSON.parse(text) as Partial<OutResult> | null;
    return said?.jobId === attempt.jobId && said.token === attempt.token && typeof said.accepted === 'boolean';
  } catch {
    return false;
  }
}

/** The path of a name that nothing has yet. @throws EEXIST when too many have it with a number behind it */
async function freeName(dir: string, name: string): Promise<string> {
  for (let number = 1; number <= MAX_NAMESAKES; number++) {
    const path = join(dir, number === 1 ? name : `${name}-${number}`);
    if ((await lstat(path).catch(() => undefined)) === undefined) return path;
  }
  const taken = join(dir, name);
  throw Object.assign(new Error(`EEXIST: ${taken} and ${MAX_NAMESAKES - 1} numbered after it are there`), {
    code: 'EEXIST',
  });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
