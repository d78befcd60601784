import { formatHostPort, type HostPort, parseAdvertised } from '../config/listen.js';
import type { LiveSettings } from '../config/live-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { StreamUrls } from '../model/stream-urls.js';
import type { RtmpListener } from '../rtmp/rtmp-listener.js';
import { advertisedAddress, streamUrls } from './advertise.js';
import { Rtmps } from './rtmps.js';

/** What the settings of the cluster say of it. */
interface ForNodes {
  readonly advertise: (port: number) => HostPort | undefined;
  readonly isSecure: boolean;
}

/** Where this server listens for RTMP, and where others reach it. */
export class Places {
  rtmp: HostPort = { host: '', port: 0 };
  /** Where only TLS is taken; undefined: nowhere. */
  rtmps: HostPort | undefined;
  readonly rtmpsFiles: Rtmps;
  readonly #config: () => Config;
  #told: { readonly rtmp: HostPort; readonly rtmps: HostPort } | undefined;

  constructor(settings: LiveSettings, log: Logger, clock: Clock) {
    this.#config = () => settings.config;
    this.rtmpsFiles = new Rtmps(settings.config.rtmps, log, clock);
    settings.use(this.rtmpsFiles);
    settings.use({
      apply: () => {
        this.#told = undefined;
      },
    });
  }

  /** Begins to accept. @throws SluiceError `ERR_LISTEN` */
  async listen(listener: Pick<RtmpListener, 'listen' | 'listenSecure'>): Promise<void> {
    this.rtmp = await listener.listen();
    this.rtmps = await listener.listenSecure();
  }

  /** Where a stream can be fetched. */
  urls(stream: { readonly app: string; readonly name: string }): StreamUrls {
    this.#told ??= this.#find();
    const { rtmp, rtmps } = this.#told;
    const takesTls =
      this.rtmps !== undefined || (this.#config().rtmp.sniff && this.rtmpsFiles.certificates !== undefined);
    return streamUrls({ rtmp, ...(takesTls ? { rtmps } : {}) }, stream);
  }

  /**
   * Where other nodes fetch streams: as the cluster's setting says, else where players do.
   *
   * @param isSecure over TLS
   */
  forNodes({ advertise, isSecure }: ForNodes): HostPort {
    this.#told ??= this.#find();
    const { rtmp, rtmps } = this.#told;
    const listening = isSecure ? (this.rtmps ?? this.rtmp) : this.rtmp;
    return advertise(listening.port) ?? (isSecure ? rtmps : rtmp);
  }

  #find(): { readonly rtmp: HostPort; readonly rtmps: HostPort } {
    const { rtmp, rtmps } = this.#config();
    const plain = advertisedAddress(rtmp.advertise, this.rtmp);
    if (rtmps.advertise !== '')
      return { rtmp: plain, rtmps: parseAdvertised(rtmps.advertise, this.rtmps?.port ?? plain.port) };
    if (this.rtmps === undefined) return { rtmp: plain, rtmps: plain };
    const secure = rtmp.advertise === '' ? advertisedAddress('', this.rtmps) : { ...plain, port: this.rtmps.port };
    return { rtmp: plain, rtmps: secure };
  }

  /** Addresses for people, such as `127.0.0.1:1935`. */
  get shown(): { readonly rtmp: string; readonly rtmps?: string } {
    const { rtmp, rtmps } = this;
    return { rtmp: formatHostPort(rtmp), ...(rtmps === undefined ? {} : { rtmps: formatHostPort(rtmps) }) };
  }
}
