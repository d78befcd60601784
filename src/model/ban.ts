/** What a ban names. */
export const BAN_KINDS = ['principal', 'key', 'address', 'name'] as const;

/** `key`: a key fingerprint; `address`: an IP address or CIDR block; `name`: `app/name`. */
export type BanKind = (typeof BAN_KINDS)[number];

/** A refusal that outlives the connection: nobody is asked about what it names. */
export interface Ban {
  readonly kind: BanKind;
  readonly value: string;
  /** Unix time in ms when it is over. */
  readonly untilMs: number;
  /** For people; free of secrets. */
  readonly reason: string;
  /** Who set it. */
  readonly by: string;
}
