import type { Engine, Pixels } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { casesOf } from './cases.ts';
import { CHECKPOINT } from './methods/method.ts';
import { reconstruct } from './methods/sampling.ts';
import { halfOf, type Readers, wholePicture } from './readers.ts';
import type { Split, SpriteCase } from './spritecase.ts';
import type { Store } from './store.ts';
import type { SourceKind, Task } from './tasks/task.ts';
import type { Scene } from './world.ts';

/** The pictures a case starts from. */
export interface Sources {
  readonly source?: Pixels;
  /** What preservation is measured against. */
  readonly reference?: Pixels;
}

export interface CaseList {
  readonly cases: readonly SpriteCase[];
  /** Cases passed over because a judge does not read their source or their truth; decided before any method runs. */
  readonly passedOver: number;
}

/** After so many cases in a row that nobody can read, something is broken. */
const PATIENCE = 200;

/** Makes and remembers the sources of cases, and decides which cases count. */
export class SourceRoom {
  readonly #engine: Engine;
  readonly #readers: Readers;
  readonly #store: Store;

  constructor(engine: Engine, readers: Readers, store: Store) {
    [this.#engine, this.#readers, this.#store] = [engine, readers, store];
  }

  /**
   * The first `count` cases of a split that count. Of files the source and the true target must be readable when they have only been
   * through the autoencoder; of the model's own pictures the source must show what its caption says.
   */
  async list(task: Task, kind: SourceKind, split: Split, count: number, seed: number): Promise<CaseList> {
    const cases: SpriteCase[] = [];
    let passedOver = 0;
    for (const item of casesOf(this.#readers.world, task, split, seed)) {
      if (cases.length === count) break;
      const counts = await this.#store.remember(`counts/${kind}/${item.id}`, () => this.#counts(item, kind));
      if (counts) cases.push(item);
      else passedOver++;
      if (passedOver > PATIENCE + 4 * cases.length)
        throw new Error(
          `${task.id}, ${split}, ${kind}: the judge reads hardly any case; is the checkpoint the one of this world?`,
        );
    }
    return { cases, passedOver };
  }

  async open(item: SpriteCase, kind: SourceKind): Promise<Sources> {
    const { source: scene } = item;
    if (scene === undefined || kind === 'none') return {};
    if (kind === 'own') {
      const request = { method: 'generate', checkpoint: CHECKPOINT, prompt: item.from, seed: item.seed };
      const [source] = (await this.#engine.run(request, {})).unpasted;
      if (source === undefined) throw new Error('generate gave no picture');
      return { source, reference: source };
    }
    const codec = openImageCodec();
    const source = await codec.decode(await codec.encode(this.#readers.world.render(scene), 'png'), `${item.id}.png`);
    return { source, reference: await reconstruct(this.#engine, source) };
  }

  async #counts(item: SpriteCase, kind: SourceKind): Promise<boolean> {
    if (kind === 'none') return true;
    const { reference } = await this.open(item, kind);
    if (item.source === undefined || reference === undefined || !(await this.#reads(item.source, reference)))
      return false;
    if (kind === 'own') return true;
    for (const target of item.targets) {
      const coded = await reconstruct(this.#engine, this.#readers.world.render(target));
      if (!(await this.#reads(target, coded))) return false;
    }
    return true;
  }

  async #reads(scene: Scene, picture: Pixels): Promise<boolean> {
    const { world } = this.#readers;
    const look = await this.#readers.look(picture);
    const alone = scene.objects.length === 1;
    return (
      look.place.place === scene.place &&
      scene.objects.every((object) => {
        const sight = look.sight(object, alone ? wholePicture(world) : halfOf(world, object.position));
        return sight.object * sight.colour === 1;
      })
    );
  }
}
