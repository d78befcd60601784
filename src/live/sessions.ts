/** How many publishes, or plays, of each principal run. */
export class Sessions {
  readonly #counts = new Map<string, number>();

  count(principal: string): number {
    return this.#counts.get(principal) ?? 0;
  }

  add(principal: string): void {
    this.#counts.set(principal, this.count(principal) + 1);
  }

  remove(principal: string): void {
    const left = this.count(principal) - 1;
    if (left > 0) this.#counts.set(principal, left);
    else this.#counts.delete(principal);
  }
}
