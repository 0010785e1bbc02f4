import { type Families, type Model, openModel } from '../model/model.ts';
import type { TensorRuntime } from '../ports.ts';
import { type CatalogEntry, type CatalogPlaces, nameOf, resolveCheckpoint } from './catalog.ts';

export interface OpenedCheckpoint {
  readonly entry: CatalogEntry;
  readonly model: Model;
}

/** The checkpoints that were asked for, opened once each. */
export class Checkpoints {
  readonly #families: Families;
  readonly #places: CatalogPlaces;
  readonly #runtime: TensorRuntime;
  readonly #models = new Map<string, Model>();

  constructor(families: Families, places: CatalogPlaces, runtime: TensorRuntime) {
    this.#families = families;
    this.#places = places;
    this.#runtime = runtime;
  }

  /** Throws as `openModel`. */
  open(ref: string): OpenedCheckpoint {
    const entry = resolveCheckpoint(ref, this.#places);
    const known = this.#models.get(entry.folder);
    const model = known ?? openModel(entry.folder, nameOf(entry), this.#families, this.#runtime);
    this.#models.set(entry.folder, model);
    return { entry, model };
  }

  get all(): Iterable<Model> {
    return this.#models.values();
  }

  async close(): Promise<void> {
    for (const { sessions } of this.all) await sessions.release();
    this.#models.clear();
  }
}
