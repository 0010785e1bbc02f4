import { throwIfCancelled } from '../base/errors.ts';
import type { EncodedModel, RuntimeSession, SessionOptions, TensorRuntime } from '../ports.ts';

/** What a session runs and what it was built for. */
export interface SessionUse {
  /** Component, e.g. `text_encoder_2`. */
  readonly network: string;
  /** Its folder, and static sizes and hooks of its graph; equal ones of one network are one session. */
  readonly variant: string;
}

/** Where the parts of a pipeline get their sessions. */
export interface Sessions {
  /** How many are loaded. */
  readonly size: number;
  /** The session of this use; `build` encodes its graph if it is not loaded. */
  get(use: SessionUse, options: SessionOptions, build: () => EncodedModel): Promise<RuntimeSession>;
  /** Gives all of them back; the next `get` loads anew. */
  release(): Promise<void>;
}

/**
 * The sessions last used, keyed by what their graph was built from (network, static sizes, hook signature). A graph is encoded and
 * loaded once per key; the least recently used session is released when the capacity is reached. Mapped weights are shared pages,
 * so several sessions over one checkpoint cost little more than one.
 */
export class SessionCache implements Sessions {
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

  /** As `Sessions.get`; a failed build is not remembered. */
  async get(
    { network, variant }: SessionUse,
    options: SessionOptions,
    build: () => EncodedModel,
  ): Promise<RuntimeSession> {
    const key = `${network}:${variant}`;
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

/**
 * The same sessions for one run: nothing is loaded and nothing runs once the signal is raised. So a run of any method ends with
 * 'cancelled' between any two calls of a network: tiles, prompts, looks, draws, previews.
 */
export function cancellable(sessions: Sessions, signal: AbortSignal | undefined): Sessions {
  if (signal === undefined) return sessions;
  return {
    get size() {
      return sessions.size;
    },
    release: () => sessions.release(),
    async get(use, options, build) {
      throwIfCancelled(signal);
      const session = await sessions.get(use, options, build);
      throwIfCancelled(signal);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        release: () => session.release(),
        async run(feeds, fetches) {
          throwIfCancelled(signal);
          const outputs = await session.run(feeds, fetches);
          throwIfCancelled(signal);
          return outputs;
        },
      };
    },
  };
}

/** One that could not be built has nothing to give back. */
async function releaseAll(sessions: readonly Promise<RuntimeSession>[]): Promise<void> {
  for (const session of await Promise.allSettled(sessions)) {
    if (session.status === 'fulfilled') await session.value.release();
  }
}
