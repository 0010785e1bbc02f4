import type { RuntimeSession, SessionOptions, TensorRuntime } from '../ports.ts';

/**
 * The sessions last used, keyed by what their graph was built from (network, static sizes, hook signature). A graph is encoded and
 * loaded once per key; the least recently used session is released when the capacity is reached. Mapped weights are shared pages,
 * so several sessions over one checkpoint cost little more than one.
 */
export class SessionCache {
  readonly #runtime: TensorRuntime;
  readonly #capacity: number;
  /** In order of last use, oldest first (a Map keeps insertion order). */
  readonly #sessions = new Map<string, Promise<RuntimeSession>>();

  constructor(runtime: TensorRuntime, capacity = 8) {
    this.#runtime = runtime;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The session of `key`; `build` encodes its graph if it is not loaded. A failed build is not remembered. */
  async get(key: string, options: SessionOptions, build: () => Uint8Array): Promise<RuntimeSession> {
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      return known;
    }
    const created = Promise.resolve().then(() => this.#runtime.createSession(build(), options));
    this.#sessions.set(key, created);
    created.catch(() => {
      if (this.#sessions.get(key) === created) this.#sessions.delete(key);
    });
    await this.#evict();
    return created;
  }

  async release(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await releaseAll(sessions);
  }

  async #evict(): Promise<void> {
    for (const [key, session] of this.#sessions) {
      if (this.#sessions.size <= this.#capacity) return;
      this.#sessions.delete(key);
      await releaseAll([session]);
    }
  }
}

/** One that could not be built has nothing to give back. */
async function releaseAll(sessions: readonly Promise<RuntimeSession>[]): Promise<void> {
  for (const session of await Promise.allSettled(sessions)) {
    if (session.status === 'fulfilled') await session.value.release();
  }
}
