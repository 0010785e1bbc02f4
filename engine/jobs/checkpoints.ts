import { AttuneError } from '../base/errors.ts';
import { type Families, type Model, openModel } from '../pipeline/model.ts';
import { openVideoModel, type VideoModel } from '../pipeline/videomodel.ts';
import type { TensorRuntime } from '../ports.ts';
import { type CatalogEntry, type CatalogPlaces, nameOf, resolveCheckpoint } from './catalog.ts';

interface Opened<Kind> {
  readonly entry: CatalogEntry;
  readonly model: Kind;
}

/** The checkpoints that were asked for, opened once each. */
export class Checkpoints {
  readonly #families: Families;
  readonly #places: CatalogPlaces;
  readonly #runtime: TensorRuntime;
  readonly #pictures = new Map<string, Model>();
  readonly #videos = new Map<string, VideoModel>();

  constructor(families: Families, places: CatalogPlaces, runtime: TensorRuntime) {
    this.#families = families;
    this.#places = places;
    this.#runtime = runtime;
  }

  /** Throws as `openModel`. */
  picture(ref: string): Opened<Model> {
    return this.#opened(ref, this.#pictures, openModel);
  }

  /** Throws as `openVideoModel`. */
  video(ref: string): Opened<VideoModel> {
    return this.#opened(ref, this.#videos, openVideoModel);
  }

  /** Whichever it is. */
  any(ref: string): Opened<Model> | Opened<VideoModel> {
    if (this.#videos.has(resolveCheckpoint(ref, this.#places).folder)) return this.video(ref);
    try {
      return this.picture(ref);
    } catch (error) {
      if (!(error instanceof AttuneError) || error.kind !== 'checkpoint-unsupported') throw error;
      try {
        return this.video(ref);
      } catch (fault) {
        // Neither kind: what is wrong with it as pictures is said. A broken one of videos says what is broken.
        throw fault instanceof AttuneError && fault.kind === 'checkpoint-unsupported' ? error : fault;
      }
    }
  }

  get all(): readonly (Model | VideoModel)[] {
    return [...this.#pictures.values(), ...this.#videos.values()];
  }

  async close(): Promise<void> {
    for (const { sessions } of this.all) await sessions.release();
    this.#pictures.clear();
    this.#videos.clear();
  }

  #opened<Kind>(
    ref: string,
    known: Map<string, Kind>,
    open: (folder: string, name: string, families: Families, runtime: TensorRuntime) => Kind,
  ): Opened<Kind> {
    const entry = resolveCheckpoint(ref, this.#places);
    const model = known.get(entry.folder) ?? open(entry.folder, nameOf(entry), this.#families, this.#runtime);
    known.set(entry.folder, model);
    return { entry, model };
  }
}
