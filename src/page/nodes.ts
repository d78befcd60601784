/** A node as `GET /v1/nodes` tells it. */
export interface Node {
  readonly nodeId: string;
  readonly version?: string;
  /** Where it takes RTMP. */
  readonly rtmp?: string;
  /** `up`; of nodes that do not answer `lost` and `silent`. */
  readonly state?: string;
  /** While it drains. */
  readonly drain?: { readonly deadlineAt: string; readonly streams: number; readonly plays: number };
  readonly zone?: string;
  readonly relay?: { readonly host: string; readonly port: number; readonly tls: boolean };
  readonly load?: { readonly plays: number; readonly kbpsIn: number; readonly kbpsOut: number; readonly busy: number };
  readonly events?: {
    readonly openStreams: number;
    /** `off`: there is no NATS in its settings. */
    readonly busState: string;
    readonly busDetail: string;
    readonly pending: number;
  };
}

/** How a node is, in one word. */
export function nodeState({ state = 'up', drain }: Pick<Node, 'state' | 'drain'>): string {
  if (state === 'lost' || state === 'silent') return state;
  return drain === undefined ? state : 'draining';
}

/** `host:port`, as other nodes reach it; `''`: it is in no cluster. */
export function relayWords(relay: Node['relay']): string {
  if (relay === undefined) return '';
  const { host, port, tls } = relay;
  return `${host.includes(':') ? `[${host}]` : host}:${port}${tls ? ' (TLS)' : ''}`;
}

/** `37 %`; `''`: it is not known. */
export function percent(part: number | undefined): string {
  return part === undefined ? '' : `${Math.round(100 * part)} %`;
}
