import type { HostPort } from '../config/listen.js';
import type { ConfigInput } from '../config/load.js';
import type { Clock } from '../core/clock.js';
import type { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import type { EventLog } from '../events/event-log.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { DrainOptions } from './node-drain.js';

/** What a program may pass to `createServer` besides the configuration. */
export interface ServerDeps {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** File, environment and flags that are read, again at each reload too; default: none. */
  readonly sources?: Pick<ConfigInput, 'file' | 'env' | 'flags'>;
}

/** A running server. */
export interface SluiceServer {
  readonly nodeId: string;
  readonly bootId: string;
  /** Where encoders and players connect; the port is the real one also when 0 was configured. */
  readonly rtmpAddress: HostPort;
  /** Where only TLS is taken; undefined when `rtmps.listen` is off. */
  readonly rtmpsAddress: HostPort | undefined;
  /** Undefined when `http.listen` is off. */
  readonly httpAddress: HostPort | undefined;
  /** The embedded event log. */
  readonly events: EventLog;
  /** The live streams, now. */
  streams(): StreamSnapshot[];
  /** Whether names of streams may be keys now (`auth.nameIsKey`), so that nothing should show them. */
  readonly hidesNames: boolean;
  /** How long {@link close} takes at most, in ms: `shutdown.deadlineMs` as it holds now. */
  readonly closeMs: number;
  /** Why it stops, or has stopped, by itself; undefined: it does not, or was asked to. */
  readonly failure: SluiceError | undefined;
  /** Resolves when it has stopped: after {@link close}, at the end of a drain, and after a {@link failure}. */
  readonly stopped: Promise<void>;
  /**
   * Reads the settings again from `sources`. What is wrong with them is logged, and the old ones go on.
   *
   * @param actor why, for log and audit
   */
  reload(actor: string): Promise<void>;
  /**
   * Accepts nothing new, waits until what runs has ended, ends the rest in time to have stopped after `deadlineMs`, and
   * closes. Resolves when it has begun; see {@link stopped}. A second call changes the deadline.
   *
   * @throws SluiceError ERR_CTL_CONFLICT when it is stopping
   */
  drain(options: DrainOptions): Promise<void>;
  /**
   * Takes a drain back: everything is accepted again.
   *
   * @throws SluiceError ERR_CTL_CONFLICT when it is stopping
   */
  undrain(): Promise<void>;
  /** Ends every stream in good order, tells players, writes the events, and releases everything. Safe to call twice. */
  close(): Promise<void>;
}
