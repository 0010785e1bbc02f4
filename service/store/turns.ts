/**
 * Lets work run side by side while its costs together stay within a budget, in the order in which it came; what costs more than the whole
 * budget runs alone. Work within a turn must not ask for another one.
 */
export class Turns {
  readonly #budget: number;
  readonly #waiting: { readonly cost: number; readonly start: () => void }[] = [];
  #spent = 0;

  constructor(budget: number) {
    this.#budget = budget;
  }

  async take<T>(cost: number, work: () => Promise<T>): Promise<T> {
    const own = Math.min(cost, this.#budget);
    await new Promise<void>((start) => {
      this.#waiting.push({ cost: own, start });
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#spent -= own;
      this.#next();
    }
  }

  #next(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (this.#spent + first.cost > this.#budget) return;
      this.#waiting.shift();
      this.#spent += first.cost;
      first.start();
    }
  }
}
