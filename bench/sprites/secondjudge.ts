import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  floatTensor,
  GraphBuilder,
  openComponent,
  type Pixels,
  type TensorRuntime,
  type Value,
} from '../../engine/index.ts';
import { Layers } from '../../models/layers/layers.ts';
import type { World } from './world.ts';

/** What the second judge sees in one cell. */
export interface SecondCell {
  /** Top-left corner in pixels. */
  readonly cell: readonly [number, number];
  /** Undefined where it sees none. */
  readonly object: string | undefined;
  readonly colour: string;
  /** 1 - P(none). */
  readonly presence: number;
}

export interface SecondReading {
  readonly place: string;
  readonly cells: readonly SecondCell[];
}

/** Of the given cells the one where the judge is surest that something stands; undefined where it sees nothing in any. */
export function objectAt(
  reading: SecondReading,
  cells: readonly (readonly [number, number])[],
): (SecondCell & { readonly object: string }) | undefined {
  const [best] = reading.cells
    .filter(({ cell }) => cells.some(([x, y]) => x === cell[0] && y === cell[1]))
    .flatMap((cell) => (cell.object === undefined ? [] : [{ ...cell, object: cell.object }]))
    .sort((a, b) => b.presence - a.presence);
  return best;
}

const FOLDER = fileURLToPath(new URL('../../models/recipe/judge/', import.meta.url));
const SIDE = 128;
/** Side of a token and of a cell's window, in pixels and tokens. */
const [TOKEN, WINDOW] = [16, 4];

/** What the recipe wrote beside the weights: sizes, and the names of the outputs in their order. */
interface JudgeConfig {
  readonly widths: readonly number[];
  readonly hidden: number;
  readonly objects: readonly string[];
  readonly colours: readonly string[];
  readonly places: readonly string[];
  readonly cells: readonly (readonly [number, number])[];
}

type Session = Awaited<ReturnType<TensorRuntime['createSession']>>;

/**
 * A small convolutional network, trained by the recipe on renders (`models/recipe/train_judge.py`), run like any other network of the
 * product. It forgives blur that the nearest template does not, and shares nothing with the deterministic judge but the sprites.
 */
export class SecondJudge {
  /** The file that decides its readings. */
  static readonly weights = join(FOLDER, 'model.safetensors');
  readonly #config: JudgeConfig;
  readonly #session: Session;

  private constructor(config: JudgeConfig, session: Session) {
    [this.#config, this.#session] = [config, session];
  }

  /** @throws AttuneError naming the file that is missing or broken; Error when the judge was trained for another world. */
  static async open(runtime: TensorRuntime, world: World, folder = FOLDER): Promise<SecondJudge> {
    const component = openComponent(folder);
    const file = join(folder, 'config.json');
    // Written by the recipe beside the weights; the names are held against the world, the sizes against the tensors.
    const config = JSON.parse(readFileSync(file, 'utf8')) as JudgeConfig;
    const known = [config.objects, config.colours, config.places, config.cells.map(String)].map((names) =>
      names.join(),
    );
    const { objects, sprites, places, positions } = world.file;
    const cells = positions.flatMap((position) => position.cells.map(String));
    const wanted = [objects.map(({ name }) => name), sprites.columns, places.items.map(({ name }) => name), cells].map(
      (names) => names.join(),
    );
    if (known.join('|') !== wanted.join('|'))
      throw new Error(
        `${file}: the second judge was trained for another world. Train it again: models/recipe/train_judge.py.`,
      );
    const g = new GraphBuilder();
    const image = g.input('image', 'float32', [1, 3, SIDE, SIDE]);
    for (const [name, value] of Object.entries(build(new Layers(g, component.weights), image, config)))
      g.output(name, value);
    return new SecondJudge(config, await runtime.createSession(g.build(), { weights: 'mapped' }));
  }

  /** Raw scores: objects [cells, objects + 1] with `none` last, colours [cells, colours], places [places]. */
  async logits(picture: Pixels): Promise<Readonly<Record<'objects' | 'colours' | 'places', Float32Array>>> {
    const plane = SIDE * SIDE;
    if (picture.width !== SIDE || picture.height !== SIDE)
      throw new RangeError(`the second judge reads ${SIDE}x${SIDE} pixels, not ${picture.width}x${picture.height}`);
    const data = new Float32Array(3 * plane);
    for (let i = 0; i < plane; i++)
      for (let c = 0; c < 3; c++) data[c * plane + i] = (picture.data[i * picture.channels + c] ?? 0) / 127.5 - 1;
    const out = await this.#session.run({ image: floatTensor(data, [1, 3, SIDE, SIDE]) });
    const of = (name: string) => {
      const tensor = out[name];
      if (tensor?.dtype !== 'float32') throw new Error(`the second judge gave no ${name}`);
      return tensor.data;
    };
    return { objects: of('objects'), colours: of('colours'), places: of('places') };
  }

  async read(picture: Pixels): Promise<SecondReading> {
    const logits = await this.logits(picture);
    const { objects, colours, places, cells } = this.#config;
    return {
      place: nameOfLargest(logits.places, places),
      cells: cells.map((cell, at) => {
        const scores = logits.objects.subarray(at * (objects.length + 1), (at + 1) * (objects.length + 1));
        const tints = logits.colours.subarray(at * colours.length, (at + 1) * colours.length);
        const none = scores[objects.length] ?? 0;
        const object = largest(scores) === objects.length ? undefined : objects[largest(scores)];
        // 1 - exp(none) / sum of exp, free of overflow.
        const presence = 1 - 1 / scores.reduce((sum, score) => sum + Math.exp(Math.min(60, score - none)), 0);
        return { cell, object, colour: nameOfLargest(tints, colours), presence };
      }),
    };
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

/** image [1, 3, 128, 128] in -1..1 to the scores of `logits`. */
function build(net: Layers, image: Value, { widths, hidden, objects, colours, places, cells }: JudgeConfig) {
  const { g } = net;
  const relu = (x: Value) => g.max(x, g.scalar(0));
  const pads = [1, 1, 1, 1] as const;
  let x = image;
  for (const [at, out] of widths.entries())
    x = relu(net.convolution(`convs.${at}`, x, { out, kernel: 3, stride: 2, pads }));
  const last = widths.at(-1) ?? 0;
  x = relu(net.convolution('mix', x, { out: last, kernel: 3, pads }));
  const window = ([left, top]: readonly [number, number]) => {
    const [u, v] = [left / TOKEN, top / TOKEN];
    return g.reshape(g.slice(g.slice(x, 2, v, v + WINDOW), 3, u, u + WINDOW), [1, last * WINDOW * WINDOW]);
  };
  const h = relu(net.linear('hidden', g.concat(cells.map(window), 0), hidden));
  return {
    objects: net.linear('object', h, objects.length + 1),
    colours: net.linear('colour', h, colours.length),
    places: net.linear('place', g.reduceMean(x, [2, 3], false), places.length),
  };
}

const largest = (scores: Float32Array): number =>
  scores.reduce((best, score, at) => (score > (scores[best] ?? Number.NEGATIVE_INFINITY) ? at : best), 0);

const nameOfLargest = (scores: Float32Array, names: readonly string[]): string => names[largest(scores)] ?? '';
