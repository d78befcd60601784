/** The steps of the polling interval, as Flash Media Server and Red5 send them. */
const STEPS = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21];
/** So many answers in a row without data make the interval one step longer. */
const EMPTY_PER_STEP = 10;

/** The interval of a session that is over: the client has nothing more to ask for. */
export const CLOSING_INTERVAL = 0x00;

/**
 * The first byte of each answer: how long the client should wait before it polls again. It is the shortest while data
 * flows and grows while there is none.
 */
export class PollInterval {
  #empty = 0;

  /**
   * Notes an answer.
   *
   * @param hasData whether RTMP bytes follow the interval
   * @returns the interval to send with it
   */
  next(hasData: boolean): number {
    this.#empty = hasData ? 0 : this.#empty + 1;
    const step = Math.min(Math.floor(this.#empty / EMPTY_PER_STEP), STEPS.length - 1);
    return STEPS[step];
  }
}
