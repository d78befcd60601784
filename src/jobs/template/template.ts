/** When a job is asked for. `wanted`: a player waits for a name that nobody publishes. */
export type JobTrigger = 'started' | 'ready' | 'active' | 'wanted';

/** When a job is over. `exit`: when its run ends with success. */
export type JobUntil = 'ended' | 'idle' | 'exit' | 'unwanted';

/** Which streams a template is for. Members that are missing match everything. */
export interface JobMatch {
  /** Glob of the app, as in `auth.rules`. */
  readonly app?: string;
  /** Glob of the name. */
  readonly name?: string;
  /** Labels that the stream must have, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Expression over facts; at most 512 bytes. */
  readonly where?: string;
}

/** Runs a program. */
export interface ExecRun {
  readonly kind: 'exec';
  /** Program and arguments. No shell reads them. Placeholders in braces. */
  readonly argv: readonly [string, ...string[]];
  /** Environment besides PATH, HOME and LANG, with placeholders. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of variables of the runner's environment that are handed on. */
  readonly passEnv: readonly string[];
}

/** One HTTP request of an `http` run. Placeholders in url, headers and body. */
export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks a server to run something. */
export interface HttpRun {
  readonly kind: 'http';
  /** A 2xx answer means that it runs. */
  readonly start: HttpCall;
  readonly stop?: HttpCall;
  /** Asked now and then while it runs; what is not 2xx, three times in a row, is a failure. */
  readonly beatUrl?: string;
  /** Name of the environment variable whose value stands for `{secret}` in headers. */
  readonly secretEnv?: string;
}

/** Publishes the job to a JetStream subject, from which a worker takes it. */
export interface QueueRun {
  readonly kind: 'queue';
  readonly subject: string;
}

/** Runs nowhere by itself: workers outside lease the job (`sluice jobs run --dispatch`). */
export interface WorkerRun {
  readonly kind: 'worker';
}

/** A job template with all defaults filled in: plain data, as `SLUICE_TEMPLATES` keeps it. */
export interface JobTemplate {
  /** `[a-z0-9-]{1,48}`; unique. */
  readonly name: string;
  readonly match: JobMatch;
  readonly on: JobTrigger;
  readonly until: JobUntil;
  readonly run: ExecRun | HttpRun | QueueRun | WorkerRun;
  readonly out?: {
    /** Folder with placeholders, whose values are escaped so that none leaves it. */
    readonly dir: string;
    /** Whether the files of attempts that were not accepted are kept, as `<attempt>.partial`. */
    readonly keepFailed: boolean;
  };
  /** From TERM to KILL, in ms. */
  readonly graceMs: number;
  /** A run without progress and without growth of its output for so long has failed; 0: never. */
  readonly stallMs: number;
  /** Longest run; 0: no limit. */
  readonly timeLimitMs: number;
  readonly retry: {
    /** Most failures in a row; then the job is abandoned. */
    readonly max: number;
    /** First and longest delay before the next attempt, in ms; it doubles in between. */
    readonly backoffMs: readonly [number, number];
    /** A run that lasted so long makes the count of failures begin again. */
    readonly stableMs: number;
    /** Exit codes after which it is not tried again. */
    readonly never: readonly number[];
  };
  readonly limits: {
    /** Most jobs of this template on one runner; missing: as many as it has slots. */
    readonly perRunner?: number;
    /** Address space of the program (`prlimit --as`). */
    readonly memoryBytes?: number;
    readonly nice?: number;
    /** Class of `ionice`: 2 best effort, 3 idle. */
    readonly ionice?: 2 | 3;
  };
  /** Labels that a runner must have. */
  readonly runners: { readonly labels: Readonly<Record<string, string>> };
}

/**
 * What is known of a stream when a job is asked for: for `where`, placeholders and the record. What is not known yet is
 * missing.
 */
export interface JobFacts {
  /** Missing for names that are wanted. */
  readonly streamId?: string;
  readonly app: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly startedAt?: string;
  readonly encoder?: string;
  readonly transport?: string;
  readonly width?: number;
  readonly height?: number;
  /** Measured. */
  readonly fps?: number;
  readonly declaredFps?: number;
  /** Measured, of all tracks together. */
  readonly kbps?: number;
  /** RFC 6381. */
  readonly videoCodec?: string;
  readonly audioCodec?: string;
  readonly sampleRate?: number;
  readonly channels?: number;
  readonly gopMs?: number;
  readonly timeToReadyMs?: number;
  /** Where it can be published, for names that are wanted. */
  readonly publishUrl?: string;
}
