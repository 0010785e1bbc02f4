import { readFile } from 'node:fs/promises';
import type { Pixels } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';

/**
 * The world the embedded model was trained in, drawn from the same two atlases and by the same integer arithmetic as the recipe
 * (`models/recipe/world/world.json`, key `composition`), so that a scene is the same pixels here and there.
 */

export interface SceneObject {
  readonly object: string;
  /** A colour word, or `natural`. */
  readonly colour: string;
  readonly position: string;
  /** Top-left corner of the object's 64 px cell. */
  readonly cell: readonly [number, number];
}

export interface Scene {
  readonly place: string;
  /** Pixels the place is rolled to the right. */
  readonly roll: number;
  readonly objects: readonly SceneObject[];
}

interface WorldFile {
  readonly canvas: {
    readonly width: number;
    readonly height: number;
    readonly cell: number;
    readonly sprite: number;
    readonly air: number;
  };
  readonly sprites: { readonly tile: number; readonly rows: readonly string[]; readonly columns: readonly string[] };
  readonly places: {
    readonly tile: number;
    readonly rolls: readonly number[];
    readonly items: readonly { readonly name: string; readonly phrase: string }[];
  };
  readonly objects: readonly { readonly name: string }[];
  readonly colours: readonly { readonly name: string }[];
  readonly positions: readonly {
    readonly name: string;
    readonly phrase: string;
    readonly cells: readonly (readonly [number, number])[];
  }[];
  readonly grammar: { readonly unseeable: readonly (readonly [colour: string, place: string])[] };
  /** What no training caption shows. */
  readonly heldOut: {
    readonly pairs: readonly (readonly [object: string, colour: string])[];
    readonly together: readonly (readonly [object: string, object: string])[];
    readonly cells: readonly (readonly [place: string, position: string])[];
  };
}

const FOLDER = new URL('../../models/recipe/world/', import.meta.url);

export class World {
  readonly file: WorldFile;
  readonly #sprites: Pixels;
  readonly #places: Pixels;

  private constructor(file: WorldFile, sprites: Pixels, places: Pixels) {
    this.file = file;
    this.#sprites = sprites;
    this.#places = places;
  }

  /** The files that decide a scene's pixels and captions. */
  static readonly files: readonly URL[] = ['world.json', 'sprites.png', 'places.png'].map(
    (name) => new URL(name, FOLDER),
  );

  static async open(): Promise<World> {
    const codec = openImageCodec();
    const read = async (name: string) => codec.decode(await readFile(new URL(name, FOLDER)), name);
    // world.json is our own file beside the atlases; the renderer test would fail on a change of its form.
    const file = JSON.parse(await readFile(new URL('world.json', FOLDER), 'utf8')) as WorldFile;
    return new World(file, await read('sprites.png'), await read('places.png'));
  }

  /** An empty scene: [128, 128, 3]. */
  renderPlace(place: string, roll: number): Pixels {
    const { width, height } = this.file.canvas;
    const tile = this.#index(
      this.file.places.items.map((item) => item.name),
      place,
    );
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = ((tile * height + y) * width + ((((x - roll) % width) + width) % width)) * this.#places.channels;
        for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = this.#places.data[from + c] ?? 0;
      }
    }
    return { width, height, channels: 3, data };
  }

  render(scene: Scene): Pixels {
    const picture = this.renderPlace(scene.place, scene.roll);
    for (const object of scene.objects) {
      this.#eachSpritePixel(object, (at, rgba) => {
        const alpha = rgba[3] ?? 0;
        for (let c = 0; c < 3; c++) {
          const under = picture.data[at * 3 + c] ?? 0;
          picture.data[at * 3 + c] = Math.floor(((rgba[c] ?? 0) * alpha + under * (255 - alpha) + 127) / 255);
        }
      });
    }
    return picture;
  }

  /** Top-left corners of the 64 px cells that a position word may mean. */
  cellsOf(position: string): readonly (readonly [number, number])[] {
    return this.file.positions.find(({ name }) => name === position)?.cells ?? [];
  }

  /** Pixels that the object covers by more than half: one channel, 255 or 0. */
  silhouette(object: SceneObject): Pixels {
    const { width, height } = this.file.canvas;
    const data = new Uint8Array(width * height);
    this.#eachSpritePixel(object, (at, rgba) => {
      if ((rgba[3] ?? 0) > 127) data[at] = 255;
    });
    return { width, height, channels: 1, data };
  }

  /** A sprite alone: [56, 56, 4], straight alpha. */
  sprite(object: string, colour: string): Pixels {
    const { tile, rows, columns } = this.file.sprites;
    const [row, column] = [this.#index(rows, object), this.#index(columns, colour)];
    const data = new Uint8Array(tile * tile * 4);
    for (let y = 0; y < tile; y++) {
      const from = ((row * tile + y) * this.#sprites.width + column * tile) * 4;
      data.set(this.#sprites.data.subarray(from, from + tile * 4), y * tile * 4);
    }
    return { width: tile, height: tile, channels: 4, data };
  }

  nounPhrase({ object, colour }: Pick<SceneObject, 'object' | 'colour'>): string {
    const words = colour === 'natural' ? object : `${colour} ${object}`;
    return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
  }

  /** The caption of the training grammar with everything said. */
  caption(scene: Scene): string {
    const phrase = (list: readonly { readonly name: string; readonly phrase: string }[], name: string) =>
      list.find((entry) => entry.name === name)?.phrase ?? name;
    const objects = scene.objects.map(
      (object) => `${this.nounPhrase(object)} ${phrase(this.file.positions, object.position)}`,
    );
    return `${objects.join(' and ')}, ${phrase(this.file.places.items, scene.place)}`;
  }

  #eachSpritePixel(object: SceneObject, visit: (at: number, rgba: Uint8Array) => void): void {
    const { width, air } = this.file.canvas;
    const sprite = this.sprite(object.object, object.colour);
    for (let y = 0; y < sprite.height; y++) {
      for (let x = 0; x < sprite.width; x++) {
        const from = (y * sprite.width + x) * 4;
        visit((object.cell[1] + air + y) * width + object.cell[0] + air + x, sprite.data.subarray(from, from + 4));
      }
    }
  }

  #index(names: readonly string[], name: string): number {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`The world has no "${name}"; it has ${names.join(', ')}.`);
    return index;
  }
}
