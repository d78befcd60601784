import { SluiceError } from '../../core/errors.js';
import { configFrom } from '../config-flags.js';
import type { ControlOptions } from '../control/connect.js';
import { reportProblem } from '../control/report.js';
import { EXIT } from '../exit-codes.js';
import { httpBase } from '../http-base.js';
import { tokenHeaders } from '../http-token.js';
import type { Io } from '../io.js';
import { stopSignal } from '../stop-signal.js';
import { askOverview } from './ask-overview.js';
import { Screen, type ScreenInput, type ScreenOutput } from './screen.js';
import { pageOf, renderTop } from './top-screen.js';
import { answered, firstState, isQuit, keysIn, pressed, type TopState, unanswered } from './top-state.js';

/** Flags of `sluice top`. */
export interface TopOptions extends Pick<ControlOptions, 'http' | 'tokenFile' | 'config' | 'json'> {
  readonly once?: boolean;
}

/** The terminal that it is drawn on. */
interface TopTerminal {
  readonly input: ScreenInput;
  readonly output: ScreenOutput;
}

/** How often the server is asked, in ms. */
const EVERY_MS = 1000;
/** Columns of a snapshot that goes to no terminal. */
const WIDE = 200;

/**
 * `sluice top`: the live streams of a server, in the whole terminal and once a second; or once, where there is no
 * terminal, with `--once` and with `--json`.
 *
 * @returns the exit code
 * @throws SluiceError ERR_CONFIG_*, ERR_CLI_USAGE; ERR_CTL_SERVER_UNREACHABLE of a snapshot
 */
export async function top(
  options: TopOptions,
  io: Io,
  terminal: TopTerminal = { input: process.stdin, output: process.stdout },
): Promise<number> {
  const { config } = configFrom({ config: options.config }, io);
  const base = httpBase(options.http ?? config.http.listen);
  const credentials = tokenHeaders(options.tokenFile, config);
  const ask = (signal: AbortSignal) => askOverview(base, credentials, signal);
  const isLive = terminal.input.isTTY === true && terminal.output.isTTY === true;
  if (!isLive || options.once === true || options.json === true) return snapshot(base, ask, options, io, terminal);
  const view = new TopView(base, ask, io, terminal);
  const problem = await view.run(AbortSignal.any([stopSignal(), io.gone]));
  return problem === undefined ? EXIT.ok : reportProblem(problem, options, io);
}

type Ask = (signal: AbortSignal) => ReturnType<typeof askOverview>;
type Problem = Extract<Awaited<ReturnType<Ask>>, { ok: false }>['problem'];

async function snapshot(base: string, ask: Ask, options: TopOptions, io: Io, { output }: TopTerminal): Promise<number> {
  const answer = await ask(io.gone);
  if (!answer.ok) return reportProblem(answer.problem, options, io);
  if (options.json === true) {
    io.out(`${JSON.stringify(answer.overview)}\n`);
    return EXIT.ok;
  }
  const screen = { columns: output.columns ?? WIDE, rows: undefined, colour: io.colour, nowMs: Date.now() };
  io.out(`${renderTop(answered(firstState(base), answer.overview), screen).join('\n')}\n`);
  return EXIT.ok;
}

/** The live view: asks, draws, and listens to keys. */
class TopView {
  readonly #ask: Ask;
  readonly #colour: boolean;
  readonly #screen: Screen;
  readonly #over = new AbortController();
  #state: TopState;

  constructor(base: string, ask: Ask, { colour }: Io, terminal: TopTerminal) {
    this.#ask = ask;
    this.#colour = colour;
    this.#state = firstState(base);
    this.#screen = new Screen(terminal, { keys: (text) => this.#keys(text), resized: () => this.#draw() });
  }

  /** Runs until a key or the signal asks to end. @returns why the server refuses to answer, if it does */
  async run(signal: AbortSignal): Promise<Problem | undefined> {
    const end = (): void => this.#over.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    try {
      while (!this.#over.signal.aborted) {
        this.#draw();
        const nextMs = performance.now() + EVERY_MS;
        const problem = await this.#look();
        if (problem !== undefined) return problem;
        this.#draw();
        await this.#pause(nextMs - performance.now());
      }
      return undefined;
    } finally {
      signal.removeEventListener('abort', end);
      this.#screen.close();
    }
  }

  async #look(): Promise<Problem | undefined> {
    try {
      const answer = await this.#ask(this.#over.signal);
      if (!answer.ok) return answer.problem;
      this.#state = answered(this.#state, answer.overview);
    } catch (error) {
      if (this.#over.signal.aborted) return undefined;
      if (!(error instanceof SluiceError)) throw error;
      const text = error.detail.replace(`${this.#state.where}: `, '');
      this.#state = unanswered(this.#state, text, Date.now());
    }
    return undefined;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#over;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  #keys(text: string): void {
    for (const key of keysIn(text)) {
      if (isQuit(key)) this.#over.abort();
      else this.#state = pressed(this.#state, key, pageOf(this.#screen.rows));
    }
    this.#draw();
  }

  #draw(): void {
    const { columns, rows } = this.#screen;
    this.#screen.draw(renderTop(this.#state, { columns, rows, colour: this.#colour, nowMs: Date.now() }));
  }
}
