import { readdirSync, readFileSync } from 'node:fs';
import { Child } from '../child.js';
import { builtCli } from '../repository.js';
import { tempDir } from '../temp.js';

/** How a runner is started. */
export interface RunnerProcessOptions {
  /** URL of NATS; without it `http` names the server. */
  readonly nats?: string;
  readonly http?: string;
  readonly file?: string;
  readonly data?: string;
  readonly args?: readonly string[];
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** `sluice jobs run` as a process. */
export class RunnerProcess {
  readonly data: string;
  readonly #options: RunnerProcessOptions;
  child: Child;

  constructor(options: RunnerProcessOptions) {
    this.#options = options;
    this.data = options.data ?? tempDir('runner');
    this.child = this.#launch();
  }

  /** Resolves when it takes jobs. */
  async ready(): Promise<this> {
    await this.child.waitForOutput(/the runner takes jobs/, 20_000);
    return this;
  }

  /** Starts it again on its folder, after it has ended. */
  restart(): void {
    this.child = this.#launch();
  }

  #launch(): Child {
    const { nats, http, file, args = [], settings = {}, env } = this.#options;
    const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const where = nats === undefined ? ['--http', http ?? ''] : ['--nats', nats];
    const files = file === undefined ? [] : ['-f', file];
    const command = [
      process.execPath,
      builtCli(),
      'jobs',
      'run',
      ...files,
      ...where,
      '--data',
      this.data,
      ...sets,
      ...args,
    ];
    return new Child(command, env === undefined ? {} : { env: { ...env } });
  }
}

/** Pids of the programs that runners with these folders, living or not, have started and that are still there. */
export function programsOf(mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1');
      const state = /^State:\s+(\w)/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1];
      return state !== 'Z' && environment.includes(`SLUICE_TEST=${mark}`) && environment.includes('SLUICE_RUN=')
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}
