/** Counts requests and holds one for ever: before anybody carried it out, or before its answer is sent. */
export class Door {
  #seen = 0;
  #at;

  /** Resolves when it has come to the request with that number. */
  holdAt(number, isCarriedOut) {
    this.#seen = 0;
    return new Promise((reached) => (this.#at = { number, isCarriedOut, reached }));
  }

  /** Holds none any more. */
  open() {
    this.#at = undefined;
  }

  async pass(carryOut) {
    this.#seen += 1;
    const at = this.#at?.number === this.#seen && this.#at;
    if (!at) return carryOut();
    if (at.isCarriedOut) await carryOut();
    at.reached();
    return new Promise(() => {});
  }
}
