import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { waitFor } from '../wait.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// What runs in the browser is text here: its types are not those of the tests.
const WATCH_POLICY = `
  window.toldOfPolicy = [];
  document.addEventListener('securitypolicyviolation', (event) =>
    window.toldOfPolicy.push([event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')),
  );`;
const RUN_AXE = `axe.run(document).then(({ violations }) =>
  violations.map(({ id, help, nodes }) => ({
    id,
    help,
    where: nodes.slice(0, 3).map(({ target }) => target.join(' ')),
  })))`;

/** Something of a view that not everybody can use, as axe tells it. */
interface Violation {
  readonly id: string;
  readonly help: string;
  /** Selectors of the first elements. */
  readonly where: readonly string[];
}

/** How a page is looked at. */
export interface LookOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** Chromium for the page of the server: with nothing to reach but loopback, and a record of all that it asks for. */
export class PageBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<PageBrowser> {
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        ...['--no-sandbox', '--disable-gpu', '--mute-audio', '--autoplay-policy=no-user-gesture-required'],
        // Names of hosts lead nowhere: what the page would load from elsewhere fails, and is seen.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    });
    return new PageBrowser(browser);
  }

  /** Opens an address in a browser profile of its own. */
  async open(url: string, options: LookOptions = {}): Promise<SeenPage> {
    const { colorScheme = 'light', width = 1280, height = 800 } = options;
    const context = await this.#browser.newContext({
      ...{ colorScheme, viewport: { width, height }, reducedMotion: 'reduce', timezoneId: 'UTC', locale: 'en-GB' },
    });
    context.setDefaultTimeout(15_000);
    const seen = new SeenPage(context, await context.newPage());
    await seen.page.addInitScript(WATCH_POLICY);
    await seen.page.goto(url);
    return seen;
  }

  stop(): Promise<void> {
    return this.#browser.close();
  }
}

/** A tab, and what it asked for and complained of. */
export class SeenPage {
  readonly page: Page;
  readonly #context: BrowserContext;
  /** Addresses that were asked for, in order; those of WebSockets as well. */
  readonly asked: string[] = [];
  /** Errors of scripts, and what the browser writes to its console as errors. */
  readonly errors: string[] = [];
  /** Bytes of bodies and headers as they came over the wire, by address. */
  readonly bytes = new Map<string, number>();

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('request', (request) => this.asked.push(request.url()));
    page.on('websocket', (socket) => this.asked.push(socket.url()));
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      const { url } = message.location();
      // A stream that has no picture yet is no error.
      if (message.type() === 'error' && !url.endsWith('/keyframe')) this.errors.push(`${message.text()} ${url}`);
    });
    page.on('requestfinished', (request) => {
      void request.sizes().then(
        ({ responseBodySize, responseHeadersSize }) =>
          this.bytes.set(request.url(), responseBodySize + responseHeadersSize),
        () => undefined,
      );
    });
  }

  /** What the policy of the page has blocked so far. */
  policyViolations(): Promise<string[]> {
    return this.page.evaluate('window.toldOfPolicy');
  }

  /** Goes to a view by its address behind `#`, and waits for its heading. */
  async view(hash: string, heading: string | RegExp): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await this.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  }

  /** Waits until an expression is true in the page, which lets no text be evaluated by a script of its own. */
  async until(expression: string): Promise<void> {
    await waitFor(() => this.page.evaluate<boolean>(expression), { timeoutMs: 15_000, everyMs: 50, what: expression });
  }

  /** Looks at the whole page with axe. */
  async violations(): Promise<Violation[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(RUN_AXE);
  }

  /** Whether something is wider than the window, so that the page as a whole moves to the side. */
  isTooWide(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
